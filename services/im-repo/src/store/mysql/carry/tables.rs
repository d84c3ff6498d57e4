//! Which tables are carried, and how their columns are read on either side.

/// Values that a statement can bind at most.
const MOST_VALUES: usize = 60_000;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Number,
    Text,
    Bytes,
}

/// A column of both databases.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it is in the source, where that is not the column of the same name.
    source: Option<&'static str>,
}

/// A table of both databases.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
    /// How many of the columns, the first ones, are the primary key.
    pub(super) keys: usize,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        source: None,
    }
}

const fn number(name: &'static str) -> Column {
    column(name, Kind::Number)
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

const fn bytes(name: &'static str) -> Column {
    column(name, Kind::Bytes)
}

/// In the order in which they are carried.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "users",
        columns: &[
            number("user_id"),
            text("name"),
            Column {
                name: "folded_name",
                kind: Kind::Bytes,
                source: Some("CAST(folded_name AS BLOB)"),
            },
            text("display_name"),
            text("about"),
            text("password_hash"),
            number("created_at_ms"),
        ],
        keys: 1,
    },
    Table {
        name: "sessions",
        columns: &[
            number("session_id"),
            number("user_id"),
            text("device_id"),
            number("expires_at_ms"),
            Column {
                name: "ended_at_ms",
                kind: Kind::Number,
                source: Some("CASE WHEN ended = 1 THEN ended_at_ms END"),
            },
        ],
        keys: 1,
    },
    Table {
        name: "refresh_tokens",
        columns: &[
            bytes("hash"),
            number("session_id"),
            number("expires_at_ms"),
            number("replaced"),
        ],
        keys: 1,
    },
    Table {
        name: "conversations",
        columns: &[
            number("conversation_id"),
            number("kind"),
            text("title"),
            number("low_user_id"),
            number("high_user_id"),
            number("member_count"),
            number("created_at_ms"),
        ],
        keys: 1,
    },
    Table {
        name: "members",
        columns: &[
            number("conversation_id"),
            number("user_id"),
            number("role"),
            number("joined_at_ms"),
            number("read_sequence"),
        ],
        keys: 2,
    },
    Table {
        name: "messages",
        columns: &[
            number("conversation_id"),
            number("sequence"),
            number("message_id"),
            number("sender_id"),
            bytes("client_message_id"),
            number("sent_at_ms"),
            bytes("content"),
        ],
        keys: 2,
    },
    // behind the messages: they are what heads count
    Table {
        name: "heads",
        columns: &[number("conversation_id"), number("last_sequence"), number("last_at_ms")],
        keys: 1,
    },
];

impl Table {
    /// Its columns with commas between them.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// Rows that fit into one statement.
    pub(super) fn most_rows(&self) -> usize {
        MOST_VALUES / self.columns.len()
    }

    /// All rows of the source, by primary key.
    pub(super) fn select_source(&self) -> String {
        let values: Vec<_> = self
            .columns
            .iter()
            .map(|column| column.source.unwrap_or(column.name))
            .collect();
        self.all(&values.join(", "))
    }

    /// All rows of the target, by primary key.
    pub(super) fn select_target(&self) -> String {
        let values = self.columns.iter().map(|column| match column.kind {
            Kind::Number => format!("CAST({} AS UNSIGNED)", column.name),
            Kind::Text | Kind::Bytes => column.name.to_owned(),
        });
        self.all(&values.collect::<Vec<_>>().join(", "))
    }

    fn all(&self, values: &str) -> String {
        let keys: Vec<_> = self.columns[..self.keys].iter().map(|column| column.name).collect();
        format!("SELECT {values} FROM {} ORDER BY {}", self.name, keys.join(", "))
    }
}
