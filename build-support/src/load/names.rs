//! Names in Rust, made as prost makes them.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Name of a field, method or module.
pub(crate) fn snake(name: &str) -> String {
    sanitise(name.to_snake_case())
}

/// Name of a type or variant.
pub(super) fn camel(name: &str) -> String {
    sanitise(name.to_upper_camel_case())
}

/// Name of an enum's variant, without the enum's name in front.
pub(super) fn variant(r#enum: &str, value: &str) -> String {
    let name = value.to_upper_camel_case();
    let rest = name.strip_prefix(&camel(r#enum)).unwrap_or(&name);
    sanitise(if rest.starts_with(char::is_uppercase) {
        rest.to_owned()
    } else {
        name.clone()
    })
}

/// Path of a type: the modules of the package and of the messages around it, then its name.
pub(super) fn path(package: &str, full_name: &str) -> String {
    let mut parts: Vec<&str> = full_name
        .strip_prefix(package)
        .unwrap_or(full_name)
        .trim_start_matches('.')
        .split('.')
        .collect();
    let name = parts.pop().unwrap_or_default();
    let modules = package
        .split('.')
        .filter(|part| !part.is_empty())
        .chain(parts)
        .map(snake);
    modules.fold(String::from("crate"), |path, module| path + "::" + &module) + "::" + &camel(name)
}

fn sanitise(name: String) -> String {
    const SUFFIXED: &[&str] = &["_", "super", "self", "Self", "extern", "crate"];
    const RAW: &[&str] = &[
        "as", "break", "const", "continue", "else", "enum", "false", "fn", "for", "if", "impl", "in", "let", "loop",
        "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct", "trait", "true", "type", "unsafe",
        "use", "where", "while", "dyn", "abstract", "become", "box", "do", "final", "macro", "override", "priv",
        "typeof", "unsized", "virtual", "yield", "async", "await", "try", "gen",
    ];
    match name.as_str() {
        raw if RAW.contains(&raw) => format!("r#{name}"),
        suffixed if SUFFIXED.contains(&suffixed) => format!("{name}_"),
        digit if digit.starts_with(char::is_numeric) => format!("_{name}"),
        _ => name,
    }
}
