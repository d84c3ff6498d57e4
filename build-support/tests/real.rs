//! The schema of this project itself.

#[test]
fn the_schema_loads() {
    let schema = build_support::load("../schema").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        schema
            .method("parlance.v1.MessageService.SendMessage")
            .map(|(_, method)| method.routes.len()),
        Some(1)
    );
}
