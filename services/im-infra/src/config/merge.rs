//! Puts one source over another and remembers where each setting came from.

use super::{ConfigError, Fault, Problem, Source, nearest::nearest};
use serde::de::DeserializeOwned;
use std::{collections::HashMap, fs, path::Path};
use toml::{
    Table, Value,
    de::{DeTable, DeValue},
};

#[derive(Clone)]
pub(super) struct Merge {
    defaults: Table,
    merged: Table,
    sources: HashMap<String, Source>,
    problems: Vec<Problem>,
}

impl Merge {
    pub(super) fn new(defaults: &str) -> Result<Self, ConfigError> {
        let defaults: Table = defaults.parse().map_err(ConfigError::Defaults)?;
        Ok(Self {
            merged: defaults.clone(),
            defaults,
            sources: HashMap::new(),
            problems: Vec::new(),
        })
    }

    pub(super) fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.into(),
            source,
        })?;
        let syntax = |source: toml::de::Error| {
            let line = source.span().map_or(1, |span| line_at(&text, span.start));
            ConfigError::Syntax {
                path: path.into(),
                line,
                source,
            }
        };
        let table: Table = text.parse().map_err(syntax)?;
        let spanned = DeTable::parse(&text).map_err(syntax)?;
        let mut lines = HashMap::new();
        find_lines(&text, spanned.get_ref(), "", &mut lines);
        let source = |key: &str| Source::File {
            path: path.into(),
            line: lines.get(key).copied().unwrap_or(1),
        };
        self.table(table, "", &source);
        Ok(())
    }

    fn table(&mut self, table: Table, section: &str, source: &dyn Fn(&str) -> Source) {
        for (name, value) in table {
            let key = dotted(section, &name);
            let from = source(&key);
            match (self.known(&key), value) {
                (Known::Section, Value::Table(inner)) => self.table(inner, &key, source),
                (Known::Section, value) => self.wrong_type(key, from, "a section", kind(&value)),
                (Known::Open, value) => self.put(&key, value, from),
                (Known::Setting(expected), value) => match fit(expected, value) {
                    Ok(value) => self.put(&key, value, from),
                    Err(value) => self.wrong_type(key, from, expected, kind(&value)),
                },
                (Known::FileOf(setting), Value::String(path)) => self.secret(&key, &setting, &path, from),
                (Known::FileOf(_), value) => self.wrong_type(key, from, "a string", kind(&value)),
                (Known::Nothing, _) => self.unknown(key, from),
            }
        }
    }

    /// A setting that was given as text: what it means follows from the kind of its default.
    pub(super) fn text(&mut self, key: &str, text: &str, from: Source) {
        match self.known(key) {
            Known::Section => match bare(text) {
                Some(Value::Table(inner)) => self.table(inner, key, &|_| from.clone()),
                _ => self.wrong_type(key.into(), from, "a section", "a value"),
            },
            Known::Open => self.put(key, bare(text).unwrap_or_else(|| Value::String(text.into())), from),
            Known::Setting(expected) => match parse(expected, text) {
                Some(value) => self.put(key, value, from),
                None => {
                    // Not the text itself: it may be a secret that was given to the wrong setting.
                    self.wrong_type(key.into(), from, expected, "this text");
                }
            },
            Known::FileOf(setting) => self.secret(key, &setting, text, from),
            Known::Nothing => self.unknown(key.into(), from),
        }
    }

    /// The configuration, if nothing was wrong with any source.
    pub(super) fn read<T: DeserializeOwned>(mut self) -> Result<T, ConfigError> {
        if self.problems.is_empty() {
            match serde_path_to_error::deserialize(Value::Table(self.merged.clone())) {
                Ok(configuration) => return Ok(configuration),
                Err(error) => {
                    let key = error.path().to_string();
                    let source = self.source_of(&key);
                    self.problems.push(Problem {
                        key,
                        source,
                        fault: Fault::Invalid(error.inner().message().into()),
                    });
                }
            }
        }
        Err(ConfigError::Invalid(self.problems))
    }

    /// Where the setting, or the one that it is a part of, came from.
    fn source_of(&self, key: &str) -> Source {
        let setting = key.split(['[']).next().unwrap_or(key);
        let ancestors = std::iter::successors(Some(setting), |key| key.rsplit_once('.').map(|(section, _)| section));
        ancestors
            .filter_map(|key| self.sources.get(key))
            .next()
            .cloned()
            .unwrap_or(Source::Default)
    }

    fn known(&self, key: &str) -> Known {
        let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
        let mut table = &self.defaults;
        for step in section.split('.').filter(|step| !step.is_empty()) {
            match table.get(step) {
                Some(Value::Table(inner)) if inner.is_empty() => return Known::Open,
                Some(Value::Table(inner)) => table = inner,
                _ => return Known::Nothing,
            }
        }
        match table.get(name) {
            Some(Value::Table(inner)) if inner.is_empty() => Known::Open,
            Some(Value::Table(_)) => Known::Section,
            Some(value) => Known::Setting(kind(value)),
            None => match name
                .strip_suffix("_file")
                .filter(|stem| matches!(table.get(*stem), Some(Value::String(_))))
            {
                Some(stem) => Known::FileOf(dotted(section, stem)),
                None => Known::Nothing,
            },
        }
    }

    fn secret(&mut self, key: &str, setting: &str, path: &str, from: Source) {
        match fs::read_to_string(path) {
            Ok(text) => self.put(setting, Value::String(text.trim_end_matches(['\r', '\n']).into()), from),
            Err(error) => {
                let fault = Fault::Invalid(format!("{path} cannot be read: {error}"));
                self.problems.push(Problem {
                    key: key.into(),
                    source: from,
                    fault,
                });
            }
        }
    }

    fn put(&mut self, key: &str, value: Value, from: Source) {
        let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
        let mut table = &mut self.merged;
        for step in section.split('.').filter(|step| !step.is_empty()) {
            let inner = table.entry(step).or_insert_with(|| Value::Table(Table::new()));
            if !inner.is_table() {
                // Within an open table a later source may turn a value into a section.
                *inner = Value::Table(Table::new());
            }
            table = inner.as_table_mut().expect("it was made one above");
        }
        table.insert(name.into(), value);
        self.sources.insert(key.into(), from);
    }

    fn wrong_type(&mut self, key: String, source: Source, expected: &'static str, found: &'static str) {
        self.problems.push(Problem {
            key,
            source,
            fault: Fault::WrongType { expected, found },
        });
    }

    fn unknown(&mut self, key: String, source: Source) {
        let nearest = nearest(&key, &self.defaults);
        self.problems.push(Problem {
            key,
            source,
            fault: Fault::Unknown { nearest },
        });
    }
}

/// What a key is by the defaults.
enum Known {
    Section,
    /// An empty table in the defaults, or anything in it.
    Open,
    /// A value of this kind.
    Setting(&'static str),
    /// The path of a file with the value of this setting.
    FileOf(String),
    Nothing,
}

const WHOLE_NUMBER: &str = "a whole number";
const NUMBER: &str = "a number";
const SWITCH: &str = "true or false";
const STRING: &str = "a string";
const LIST: &str = "a list";

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => STRING,
        Value::Integer(_) => WHOLE_NUMBER,
        Value::Float(_) => NUMBER,
        Value::Boolean(_) => SWITCH,
        Value::Datetime(_) => "a date",
        Value::Array(_) => LIST,
        Value::Table(_) => "a section",
    }
}

/// The value, if it is of the expected kind or can be taken for one.
fn fit(expected: &'static str, value: Value) -> Result<Value, Value> {
    match value {
        Value::Integer(whole) if expected == NUMBER => Ok(Value::Float(whole as f64)),
        value if kind(&value) == expected => Ok(value),
        value => Err(value),
    }
}

fn parse(expected: &'static str, text: &str) -> Option<Value> {
    if expected == STRING {
        return Some(Value::String(text.into()));
    }
    match bare(text) {
        Some(value) => fit(expected, value).ok(),
        None if expected == LIST => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.into())).collect()))
        }
        None => None,
    }
}

/// The text as a TOML value, if it is one.
fn bare(text: &str) -> Option<Value> {
    let single_line = !text.contains(['\n', '\r']);
    single_line
        .then(|| format!("value = {text}").parse::<Table>().ok()?.remove("value"))
        .flatten()
}

fn dotted(section: &str, name: &str) -> String {
    if section.is_empty() {
        name.into()
    } else {
        format!("{section}.{name}")
    }
}

fn find_lines(text: &str, table: &DeTable<'_>, section: &str, lines: &mut HashMap<String, usize>) {
    for (name, value) in table {
        let key = dotted(section, name.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            find_lines(text, inner, &key, lines);
        }
        lines.insert(key, line_at(text, name.span().start));
    }
}

fn line_at(text: &str, position: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(position)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}
