//! A schema that builds on another one.

use super::Schema;

impl Schema {
    /// Leaves out what a package declares, because another crate has compiled it: the Rust that is made of the rest finds it there, under
    /// the same path (`pub use other::parlance;`). Nothing outside the package may have fields of its types. Without the package of the
    /// catalogue its meanings are left out too; methods still have its reasons.
    #[must_use]
    pub fn without(mut self, package: &str) -> Self {
        let within = |name: &str| {
            let rest = name.strip_prefix(package);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let is_of = |file: &str| file.starts_with(&format!("{}/", package.replace('.', "/")));
        self.files.retain(|file| !is_of(file));
        self.messages.retain(|name, _| !within(name));
        self.enums.retain(|name, _| !within(name));
        self.services.retain(|service| !within(&service.full_name));
        self
    }
}
