# shellcheck shell=bash disable=SC2016,SC2154
# Kafka: one node that is broker and controller, from the jars that Maven brings.

kafka_version=4.4.0
log4j_version=2.25.5
kafka_jars=$cache/kafka-$kafka_version

install_kafka() {
    debian java default-jre-headless
    [ -d "$kafka_jars" ] && return
    debian mvn maven
    say "fetching Kafka $kafka_version"
    (
        exec {machine}>>"$cache/kafka.lock"
        flock "$machine"
        [ ! -d "$kafka_jars" ] || exit 0
        work=$(mktemp -d "$cache/kafka.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        # without a binding for slf4j the broker logs nothing at all
        cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parlance</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka_version</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>$log4j_version</version></dependency>
  </dependencies>
</project>
POM
        mvn --batch-mode --quiet -Dstyle.color=never --file "$work/pom.xml" \
            org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/jars"
        mv "$work/jars" "$kafka_jars"
    ) >&2 </dev/null
}

run_kafka() {
    local own=$1
    local java=(
        java -Xms128m -Xmx512m -XX:+UseSerialGC -Djava.awt.headless=true -Dlog4j2.disableJmx=true
        "-Dlog4j2.configurationFile=$own/log4j2.properties" -cp "$kafka_jars/*"
    )
    # what is killed again and again should start soon rather than run fast
    [ -z "$own_set" ] || java+=(-XX:TieredStopAtLevel=1)
    kafka_logging >"$own/log4j2.properties"
    [ -s "$own/controller" ] || free_port >"$own/controller"
    [ -e "$own/listeners" ] || echo "${KAFKA_LISTENERS:-}" >"$own/listeners"
    kafka_settings "$own" "$2" "$(cat "$own/controller")" >"$own/server.properties"
    if [ ! -f "$own/data/meta.properties" ]; then
        "${java[@]}" kafka.tools.StorageTool format -t 7Zk0pYb1SdS9Qm1nJ3xW2g -c "$own/server.properties" >"$own/output" 2>&1 ||
            die "Kafka's folder could not be made; see $own/output"
    fi
    launch "$own" "${java[@]}" kafka.Kafka "$own/server.properties"
}

# One Metadata request (version 1, no topics): a broker takes connections, and answers, some time before clients can use it; then it is
# among the brokers of its own answer.
ready_kafka() {
    timeout 2 bash -c '
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf "\0\0\0\016\0\003\0\001\0\0\0\052\377\377\0\0\0\0" >&3
        answer=$(head -c 12 <&3 | od -An -v -tx1 | tr -d " \n")
        [ "${answer:8:8}" = 0000002a ] && [ "$((16#${answer:16:8}))" -ge 1 ]' _ "$2"
}

# kafka_settings FOLDER PORT CONTROLLER_PORT
kafka_settings() {
    local pair name count=0 ports='' seen='' protocols=''
    for pair in $(cat "$1/listeners"); do
        count=$((count + 1))
        name=SEEN$count
        ports+=,$name://127.0.0.1:${pair%:*}
        seen+=,$name://127.0.0.1:${pair#*:}
        protocols+=,$name:PLAINTEXT
        echo "listener.name.${name,,}.num.network.threads=1"
    done
    cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$3
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3$ports
advertised.listeners=PLAINTEXT://127.0.0.1:$2$seen
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT$protocols
log.dirs=$1/data
# topics are made by those who know how many partitions they have
auto.create.topics.enable=false
# one broker: what is kept three times by default would wait for two others for ever
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# small, and quick to start
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
share.coordinator.state.topic.num.partitions=4
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=4
group.initial.rebalance.delay.ms=0
# a killed broker is let in again when its old session has ended
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
# members of groups may want to be missed soon
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=500
PROPERTIES
}

kafka_logging() {
    cat <<'PROPERTIES'
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
PROPERTIES
}
