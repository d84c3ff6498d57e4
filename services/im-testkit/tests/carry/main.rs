//! `parlance move`: a town of one process goes to the engines that processes share, and nobody notices but by the address.

use im_schema::v1::{self, client_frame, server_frame};
use im_testkit::{Ground, Town, text_of};
use std::{
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

/// Both sign tokens with it, so that people stay logged in.
const SECRET: (&str, &str) = (
    "auth.secret",
    "a secret that moves with the town, known to everybody who reads this",
);
/// Messages of the large conversation.
const MANY: u64 = 400;

struct Moving {
    arguments: Vec<String>,
}

impl Moving {
    fn new(from: &Town, to: &Town) -> Self {
        let mut arguments = vec!["move".into(), "--from".into(), from.folder().display().to_string()];
        arguments.extend(to.settings().into_iter().flat_map(|setting| ["--set".into(), setting]));
        Self { arguments }
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlance-node"));
        command.args(&self.arguments).args(more).env_remove("PARLANCE_CONFIG");
        command
    }

    fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().expect("the program runs")
    }

    fn begin(&self, more: &[&str]) -> Child {
        self.command(more)
            .stdout(Stdio::null())
            .spawn()
            .expect("the program runs")
    }

    /// How many messages are there, by what a dry run says.
    fn carried(&self) -> u64 {
        let output = self.run(&["--dry-run"]);
        let text = text(&output);
        assert!(output.status.success(), "{output:?}");
        let line = text
            .lines()
            .find(|line| line.contains("messages"))
            .unwrap_or_else(|| panic!("{text}"));
        let numbers: Vec<u64> = line
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect();
        numbers[1]
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_town_moves_to_engines_that_processes_share() {
    let mut village = Town::start(Ground::Embedded, &[SECRET]).await;
    let (mut alice, mut bob) = (village.user("alice").await, village.user("bob").await);
    let carol = village.user("carol").await;
    let direct = alice.with(&bob).await;
    for number in 1..=MANY {
        alice.sends(&number.to_string()).into(direct).await;
    }
    let group = bob.creates_group("readers", &[alice.id, carol.id]).await;
    for text in ["one", "two", "three"] {
        bob.sends(text).into(group).await;
    }
    let read = v1::MarkReadRequest {
        conversation_id: group.0,
        sequence: 2,
        ..Default::default()
    };
    let marked = alice.ask(client_frame::Body::MarkRead(read)).await;
    assert!(matches!(marked, server_frame::Body::MarkRead(_)), "{marked:?}");
    let before = [
        bob.sees(direct).await.unwrap(),
        alice.sees(group).await.unwrap(),
        carol.sees(group).await.unwrap(),
    ];
    let history = bob.history(direct, "limit=50").await.unwrap();

    let mut city = Town::start(Ground::Engines, &[SECRET]).await;
    city.stop().await;
    let moving = Moving::new(&village, &city);
    let refused = moving.run(&[]);
    assert_eq!(refused.status.code(), Some(1), "the village still runs");
    assert!(text(&refused).contains("stop the server first"), "{refused:?}");
    village.stop().await;

    // killed earlier or later, until it was in the middle
    let mut patience = Duration::from_millis(200);
    let half = loop {
        let mut child = moving.begin(&["--batch", "1"]);
        tokio::time::sleep(patience).await;
        child.kill().expect("it still runs");
        child.wait().expect("it ends");
        match moving.carried() {
            0 => patience += Duration::from_millis(200),
            half => break half,
        }
    };
    assert!(half < MANY + 3, "it was killed too late");
    let moved = moving.run(&[]);
    assert!(
        moved.status.success() && text(&moved).contains("both are the same"),
        "{moved:?}"
    );
    assert_eq!(moving.run(&[]).status.code(), Some(1), "it is no empty target any more");

    city.restart().await;
    for user in [&mut alice, &mut bob] {
        user.reconnect(&city.url()).await;
    }
    // by the old password, and by the old refresh token
    bob.log_in("tablet").await;
    alice.refreshes().await.expect("the session goes on");
    let after = [bob.sees(direct).await.unwrap(), alice.sees(group).await.unwrap()];
    assert_eq!(after[..], before[..2]);
    assert_eq!((after[0].unread_count, after[1].unread_count), (MANY, 1));
    assert_eq!(bob.history(direct, "limit=50").await.unwrap(), history);
    let stored = alice.sends("and on it goes").into(direct).await;
    assert_eq!(stored.sequence, MANY + 1);
    let told = bob.message().await;
    assert_eq!((text_of(&told), told.sequence), ("and on it goes", MANY + 1));
    city.stop().await;
}
