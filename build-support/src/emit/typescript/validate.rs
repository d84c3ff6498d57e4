//! `validate.ts`: a validator for each message that clients send.

use super::reach::Reach;

pub(super) fn emit(reach: &Reach<'_>) -> String {
    let names: Vec<_> = reach
        .messages
        .iter()
        .filter(|(_, message)| !reach.only_received(message))
        .map(|(name, _)| *name)
        .collect();
    if names.is_empty() {
        return "export {};\n".to_owned();
    }
    let functions = names.iter().map(|name| {
        format!(
            "\n/** Every rule of the schema that `value` breaks. */\nexport function validate{name}(value: unknown): Violation[] {{\n  \
             return violations(tables.{name}, value);\n}}\n"
        )
    });
    let functions: String = functions.collect();
    format!(
        "import {{ type Violation, violations }} from \"../runtime/validate.js\";\nimport * as tables from \"./tables.js\";\n{functions}"
    )
}
