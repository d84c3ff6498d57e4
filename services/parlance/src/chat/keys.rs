//! The line that the user types, and what it means.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Say this in the open conversation.
    Say(String),
    /// Open the direct conversation with a user.
    Direct(String),
    /// Create a group of users with a title.
    Group { title: String, names: Vec<String> },
    /// Add users to the open group.
    Add(Vec<String>),
    /// Leave the open group.
    Leave,
    /// Show who is in the open conversation.
    Members,
    /// Show the keys and commands.
    Help,
    /// End the client.
    Quit,
    /// Open the next or previous conversation of the list.
    Move(isize),
    /// Scroll the messages by so many lines, back if negative.
    Scroll(isize),
    /// A command that there is not, or that lacks something.
    Unknown(String),
}

/// The commands, for `/help`.
pub(crate) const HELP: &[(&str, &str)] = &[
    ("/dm NAME", "open the direct conversation with a user"),
    ("/group TITLE: NAME NAME …", "create a group"),
    ("/add NAME …", "add users to this group"),
    ("/members", "who is in this conversation"),
    ("/leave", "leave this group"),
    ("/quit or Ctrl-C", "end"),
    ("Up, Down or Tab", "another conversation"),
    ("PgUp, PgDn", "scroll; older messages are fetched"),
];

/// A line that is being typed.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) text: String,
    /// Byte position of the cursor, at a character's beginning.
    pub(crate) cursor: usize,
}

impl Input {
    /// Takes a key in; a wish if it completes one.
    pub(crate) fn take(&mut self, key: KeyEvent) -> Option<Wish> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c' | 'd') => Some(Wish::Quit),
                KeyCode::Char('u') => {
                    self.text.drain(..self.cursor);
                    self.cursor = 0;
                    None
                }
                KeyCode::Char('n') => Some(Wish::Move(1)),
                KeyCode::Char('p') => Some(Wish::Move(-1)),
                _ => None,
            };
        }
        match key.code {
            KeyCode::Enter => self.complete(),
            KeyCode::Up | KeyCode::BackTab => Some(Wish::Move(-1)),
            KeyCode::Down | KeyCode::Tab => Some(Wish::Move(1)),
            KeyCode::PageUp => Some(Wish::Scroll(-10)),
            KeyCode::PageDown => Some(Wish::Scroll(10)),
            _ => {
                self.edit(key.code);
                None
            }
        }
    }

    /// Inserts text that was pasted.
    pub(crate) fn paste(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    fn edit(&mut self, code: KeyCode) {
        let before = self.text[..self.cursor].chars().next_back().map_or(0, char::len_utf8);
        let behind = self.text[self.cursor..].chars().next().map_or(0, char::len_utf8);
        match code {
            KeyCode::Char(typed) => {
                self.text.insert(self.cursor, typed);
                self.cursor += typed.len_utf8();
            }
            KeyCode::Backspace if before > 0 => {
                self.cursor -= before;
                self.text.remove(self.cursor);
            }
            KeyCode::Delete if behind > 0 => {
                self.text.remove(self.cursor);
            }
            KeyCode::Left => self.cursor -= before,
            KeyCode::Right => self.cursor += behind,
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => {}
        }
    }

    fn complete(&mut self) -> Option<Wish> {
        self.cursor = 0;
        let text = std::mem::take(&mut self.text);
        let line = text.trim();
        if line.is_empty() {
            return None;
        }
        Some(match line.strip_prefix('/') {
            Some(command) => command_of(command),
            None => Wish::Say(line.to_owned()),
        })
    }
}

fn command_of(line: &str) -> Wish {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let names = |text: &str| {
        text.split([' ', ','])
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    match verb {
        "dm" if !rest.trim().is_empty() => Wish::Direct(rest.trim().to_owned()),
        "group" => match rest.split_once(':') {
            Some((title, members)) if !title.trim().is_empty() => Wish::Group {
                title: title.trim().to_owned(),
                names: names(members),
            },
            _ => Wish::Unknown("/group TITLE: NAME NAME …".to_owned()),
        },
        "add" if !names(rest).is_empty() => Wish::Add(names(rest)),
        "leave" => Wish::Leave,
        "members" => Wish::Members,
        "help" => Wish::Help,
        "quit" | "q" => Wish::Quit,
        _ => Wish::Unknown(format!("/{line}: no such command, or something is missing; /help")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Option<Wish> {
        let mut input = Input::default();
        input.paste(text);
        input.take(KeyEvent::from(KeyCode::Enter))
    }

    #[test]
    fn lines_become_wishes() {
        assert_eq!(typed("hello there"), Some(Wish::Say("hello there".to_owned())));
        assert_eq!(typed("/dm ada"), Some(Wish::Direct("ada".to_owned())));
        let names = vec!["ada".to_owned(), "bob".to_owned()];
        assert_eq!(
            typed("/group engine room: ada, bob"),
            Some(Wish::Group {
                title: "engine room".to_owned(),
                names
            })
        );
        assert_eq!(typed("   "), None);
        assert!(matches!(typed("/dance"), Some(Wish::Unknown(_))));
        assert!(matches!(typed("/dm"), Some(Wish::Unknown(_))));
    }

    #[test]
    fn editing_keeps_to_characters() {
        let mut input = Input::default();
        input.paste("aö");
        input.take(KeyEvent::from(KeyCode::Left));
        input.take(KeyEvent::from(KeyCode::Char('ß')));
        assert_eq!(input.text, "aßö");
        input.take(KeyEvent::from(KeyCode::Delete));
        input.take(KeyEvent::from(KeyCode::Backspace));
        input.take(KeyEvent::from(KeyCode::Backspace));
        input.take(KeyEvent::from(KeyCode::Backspace));
        assert_eq!(input.text, "");
    }
}
