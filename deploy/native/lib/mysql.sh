# shellcheck shell=bash disable=SC2016,SC2154
# MariaDB: `mysql`, the primary, and `mysql_replica`, which follows it by GTID. User `parlance`, password `parlance`, on both; it may make databases.

install_mysql() {
    debian mariadbd mariadb-server-core
    debian mariadb mariadb-client-core
}

# mariadb_server FOLDER PORT ID OPTION…
mariadb_server() {
    local own=$1 port=$2 id=$3 user=()
    shift 3
    # as root it wants to be told that this is meant
    [ "$(id -u)" -ne 0 ] || user=(--user=root)
    # each server removes, as it starts, the temporary tables that it finds: it must not find those of another one
    mkdir -p "$own/tmp"
    local -x TMPDIR=$own/tmp
    [ -d "$own/data/mysql" ] || {
        rm -rf "$own/data"
        mariadb-install-db --no-defaults "${user[@]}" --datadir="$own/data" --skip-test-db \
            --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" >"$own/output" 2>&1 ||
            die "the database could not be made; see $own/output"
    }
    # a socket's path may have a hundred characters only: this one is relative to the data
    launch "$own" mariadbd --no-defaults "${user[@]}" --datadir="$own/data" --socket=socket --pid-file="$own/data/pid" \
        --bind-address=127.0.0.1 --port="$port" --server-id="$id" --skip-name-resolve --character-set-server=utf8mb4 \
        --gtid-strict-mode --max-connections=500 --innodb-buffer-pool-size=128M "$@"
}

# sql FOLDER: runs statements as the administrator.
sql() { (cd "$1/data" && mariadb --no-defaults --socket=socket --user="$(id -un)" --batch --skip-column-names); }

run_mysql() {
    mariadb_server "$1" "$2" 1 --log-bin=binlog --binlog-format=ROW --sync-binlog=1
}

# The user comes to the replica with the log of the primary, and is the one that the replica follows it with. What it may not is write to a replica.
ready_mysql() {
    [ -n "$(sql "$1" <<<"SELECT 1 FROM mysql.global_priv WHERE user = 'parlance'")" ] || sql "$1" <<'SQL'
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, CREATE VIEW, SHOW VIEW,
    TRIGGER, RELOAD, PROCESS, SHOW DATABASES, CONNECTION ADMIN, BINLOG MONITOR, SLAVE MONITOR, REPLICATION SLAVE, REPLICATION SLAVE ADMIN
    ON *.* TO 'parlance'@'%' IDENTIFIED BY 'parlance';
SQL
}

run_mysql_replica() {
    mariadb_server "$1" "$2" 2 --read-only --relay-log=relay --skip-slave-start --slave-parallel-threads=2
}

# Usable once it has what the primary had when it was asked; without a primary, at once.
ready_mysql_replica() {
    local primary=$folder/mysql position
    [ -n "$(sql "$1" <<<"SHOW SLAVE STATUS")" ] || sql "$1" <<SQL
CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$(cat "$primary/port"), MASTER_USER='parlance', MASTER_PASSWORD='parlance',
    MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1;
SQL
    sql "$1" <<<"START SLAVE"
    alive mysql || return 0
    position=$(sql "$primary" <<<"SELECT @@gtid_binlog_pos")
    [ "$(sql "$1" <<<"SELECT MASTER_GTID_WAIT('$position', 10)")" = 0 ]
}
