use super::{FormError, as_text};
use std::{fmt, str::FromStr};

/// Names fields, e.g. those that an update changes. In JSON: one string, `displayName,profile.about`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct FieldMask {
    /// Paths of field names as in the schema, e.g. `profile.display_name`.
    #[prost(string, repeated, tag = "1")]
    pub paths: Vec<String>,
}

const ERROR: FormError = FormError("must be names of fields like displayName,profile.about");

impl FieldMask {
    /// A mask of these paths.
    #[must_use]
    pub fn of<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
        }
    }
}

impl fmt::Display for FieldMask {
    /// As in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for (index, path) in self.paths.iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            let mut raise = false;
            for character in path.chars() {
                if character == '_' {
                    raise = true;
                    continue;
                }
                f.write_char(if raise {
                    character.to_ascii_uppercase()
                } else {
                    character
                })?;
                raise = false;
            }
        }
        Ok(())
    }
}

impl FromStr for FieldMask {
    type Err = FormError;

    /// Reads the form of JSON.
    fn from_str(text: &str) -> Result<Self, FormError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.split(',')
            .map(snake)
            .collect::<Option<_>>()
            .map(|paths| Self { paths })
            .ok_or(ERROR)
    }
}

fn snake(path: &str) -> Option<String> {
    if !path.split('.').all(is_name) {
        return None;
    }
    let mut snake = String::with_capacity(path.len() + 4);
    for character in path.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    Some(snake)
}

fn is_name(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_lowercase()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

as_text!(FieldMask, "names of fields like displayName,profile.about");
