use super::{
    super::{append, conversations, members, messages, text::Text, users},
    *,
};
use sqlx::{AssertSqlSafe, Row};

/// What may be read from end to end: what was found before.
const FOUND: &str = "<derived2>";

#[tokio::test]
async fn rows_are_looked_up_never_searched() {
    let database = Database::shared().await;
    let world = World::new(database.open().await, 1_000, ());
    let users = world.users(40).await;
    for user in &users {
        let group = world.group(*user, &users).await;
        let messages = (0..20).map(|_| world.message(group, *user, NOW)).collect();
        world.store.store_messages(messages, NOW).await.unwrap();
    }
    let mut db = database.connect().await;
    let text = |write: fn(&mut Text)| {
        let mut text = Text::default();
        write(&mut text);
        text
    };
    for sql in [
        text(|text| append::lock_heads(text, &[1_010])).as_str(),
        append::FIND.shortest(),
        text(|text| append::set_heads(text, &[(1_010, 1)])).as_str(),
        text(|text| append::advance(text, &[(1_010, 1)])).as_str(),
        messages::FORWARD,
        messages::BACKWARD,
        users::BY_ID.shortest(),
        users::BY_NAME.shortest(),
        users::EXISTING.shortest(),
        conversations::ONE,
        conversations::THESE.shortest(),
        conversations::PAGE,
        conversations::ROSTERS.shortest(),
        members::STANDINGS.shortest(),
        members::PAGE,
        members::PAGE_OF_IDS,
    ] {
        let explain = sql.replace("LIMIT ?", "LIMIT 9").replace('?', "'1010'");
        let steps = sqlx::query(AssertSqlSafe(format!("EXPLAIN FORMAT=TRADITIONAL {explain}")))
            .fetch_all(&mut db)
            .await
            .unwrap();
        for step in steps {
            let (table, access): (Option<String>, Option<String>) = (step.get("table"), step.get("type"));
            let (Some(table), Some(access)) = (table, access) else {
                continue;
            };
            assert!(
                table == FOUND || !["ALL", "index"].contains(&&*access),
                "{table} is searched ({access}) by {sql}"
            );
        }
    }
    world.store.close().await;
}
