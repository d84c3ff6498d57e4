//! One run: a load, what disturbs it, and the verdict.

use super::{
    Stage,
    cast::{Api, Conversation, Person},
    checker::{Verdict, check},
    client::{Client, Phase},
    ledger::{Found, Ledger, View},
    notes::Notes,
    schedule::{Process, Schedule, Sender},
};
use futures::future::{join, join_all};
use parking_lot::Mutex;
use std::{collections::HashMap, io, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

/// So long may it take, once nothing goes wrong any more, until senders know what became of everything, and then until devices have everything.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What the checker says.
    pub verdict: Verdict,
    /// How long it took from the first user to the verdict.
    pub took: Duration,
    /// The longest time that a sender was without service: from the loss of its connection until its next message was accepted, less the pause that
    /// the server had asked for.
    pub longest_outage: Duration,
}

/// Plays the faults of a schedule.
///
/// # Errors
/// The platform does not get up again.
pub async fn faults(stage: &Stage, schedule: &Schedule) -> io::Result<Outcome> {
    let events = join_all(schedule.events.iter().map(|event| stage.play(*event)));
    run(stage, schedule, async {
        events.await;
        Ok(())
    })
    .await
}

/// Restarts all processes, one after the other, each when the one before serves again.
///
/// # Errors
/// One of them does not.
pub async fn rolling(stage: &Stage, schedule: &Schedule) -> io::Result<Outcome> {
    run(stage, schedule, async {
        for process in Process::all() {
            stage.restart(process).await?;
        }
        Ok(())
    })
    .await
}

async fn run(
    stage: &Stage,
    schedule: &Schedule,
    disturbance: impl Future<Output = io::Result<()>>,
) -> io::Result<Outcome> {
    let begin = Instant::now();
    stage.ready().await?;
    let api = Api::new(stage.gateways());
    let mut play = Play::prepare(stage, &api, schedule, begin).await?;
    let (disturbed, ()) = join(disturbance, sleep(schedule.load)).await;
    disturbed?;
    stage.ready().await?;
    play.phase.send_replace(Phase::Settle);
    // who was offline all the time gets everything now
    play.enter(stage, &api, 2, "late", None).await?;
    until(|| play.devices.iter().all(|notes| notes.lock().open.is_empty())).await;
    let mut histories = HashMap::new();
    for conversation in &play.conversations {
        histories.insert(conversation.id, api.history(conversation, &play.cast).await?);
    }
    until(|| play.devices.iter().all(|notes| has_all(&notes.lock().view, &histories))).await;
    let (ledger, views, longest_outage) = play.end().await;
    Ok(Outcome {
        verdict: check(&ledger, &histories, &views),
        took: begin.elapsed(),
        longest_outage,
    })
}

/// Waits for something, but not for ever: the checker says what is missing.
async fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() && Instant::now() < deadline {
        sleep(Duration::from_millis(20)).await;
    }
}

fn has_all(view: &View, histories: &HashMap<u64, Vec<Found>>) -> bool {
    let whole = |id: &u64| view.position(*id) >= histories.get(id).map_or(0, Vec::len) as u64;
    view.received.keys().all(whole)
}

/// Who takes part, with their devices.
struct Play {
    cast: Vec<Person>,
    conversations: Vec<Conversation>,
    devices: Vec<Arc<Mutex<Notes>>>,
    tasks: JoinSet<()>,
    phase: watch::Sender<Phase>,
    begin: Instant,
}

impl Play {
    /// Makes users and conversations, and sends all devices in that are there from the beginning.
    async fn prepare(stage: &Stage, api: &Api<'_>, schedule: &Schedule, begin: Instant) -> io::Result<Self> {
        let mut cast = Vec::new();
        for _ in &schedule.senders {
            cast.push(api.register().await?);
        }
        let conversations = api.conversations(&cast).await?;
        let mut play = Self {
            cast,
            conversations,
            devices: Vec::new(),
            tasks: JoinSet::new(),
            phase: watch::channel(Phase::Load).0,
            begin,
        };
        for place in 0..2 {
            play.enter(stage, api, place, "tablet", None).await?;
        }
        for (place, sender) in schedule.senders.iter().enumerate() {
            play.enter(stage, api, place, "phone", Some(*sender)).await?;
        }
        Ok(play)
    }

    /// A device of a member of the cast goes online.
    async fn enter(
        &mut self,
        stage: &Stage,
        api: &Api<'_>,
        place: usize,
        device: &str,
        sender: Option<Sender>,
    ) -> io::Result<()> {
        let person = &self.cast[place];
        let token = match sender {
            Some(_) => person.token.clone(),
            None => api.log_in(person, device).await?,
        };
        let own = self
            .conversations
            .iter()
            .filter(|conversation| conversation.members.contains(&place));
        let conversations: Vec<u64> = own.map(|conversation| conversation.id).collect();
        let mut notes = Notes::default();
        notes.view.device = format!("{device} of {place}");
        notes.view.received = conversations.iter().map(|id| (*id, Default::default())).collect();
        let notes = Arc::new(Mutex::new(notes));
        self.devices.push(Arc::clone(&notes));
        let mut gateways = stage.gateways().to_vec();
        gateways.rotate_left(self.devices.len() % stage.gateways().len());
        let client = Client {
            user: person.id,
            token,
            gateways,
            sender,
            conversations,
            notes,
            begin: self.begin,
        };
        self.tasks.spawn(client.run(self.phase.subscribe()));
        Ok(())
    }

    /// Ends all devices; what they noted.
    async fn end(mut self) -> (Ledger, Vec<View>, Duration) {
        self.phase.send_replace(Phase::End);
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a client does not fail");
        }
        let mut ledger = Ledger::default();
        let mut views = Vec::new();
        let mut longest = Duration::ZERO;
        for notes in &self.devices {
            let notes = std::mem::take(&mut *notes.lock());
            longest = notes.outages.into_iter().fold(longest, Duration::max);
            ledger.add(notes.ledger);
            views.push(notes.view);
        }
        (ledger, views, longest)
    }
}
