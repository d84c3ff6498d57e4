//! A device as people have it: it connects where it can, sends again what it has not heard of, and asks for what it missed.

use super::{
    ledger::{Id, Said},
    link::{Link, PATIENCE},
    notes::{Notes, Session},
    schedule::Sender,
};
use im_schema::v1::{self, client_frame};
use parking_lot::Mutex;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, interval, sleep, timeout},
};
use uuid::Uuid;

/// How often a client looks what is due.
const TICK: Duration = Duration::from_millis(20);
/// A connection that is silent for so long is asked whether it is there.
const SILENCE: Duration = Duration::from_millis(1_500);
/// Messages sent again at once.
const CHUNK: usize = 50;

/// What all clients are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Senders send.
    Load,
    /// Nothing new: all that is open is brought to an end.
    Settle,
    /// Over.
    End,
}

/// A device, and what it sends, if anything.
pub(super) struct Client {
    pub(super) user: u64,
    pub(super) token: String,
    /// Both gateways; it begins at the first.
    pub(super) gateways: Vec<String>,
    pub(super) sender: Option<Sender>,
    /// Where it sends.
    pub(super) conversations: Vec<u64>,
    pub(super) notes: Arc<Mutex<Notes>>,
    /// When times begin.
    pub(super) begin: Instant,
}

impl Client {
    /// Runs until the phase is [`Phase::End`].
    pub(super) async fn run(self, mut phase: watch::Receiver<Phase>) {
        let mut random = StdRng::seed_from_u64(self.sender.map_or(self.user, |sender| sender.seed));
        let mut lost: Option<Instant> = None;
        let mut asked = Duration::ZERO;
        for gateway in self.gateways.iter().cycle() {
            if *phase.borrow() == Phase::End {
                return;
            }
            let mut session = Session::new();
            let mut service = Service { lost, asked };
            let served = self
                .serve(gateway, &mut session, &mut service, &mut random, &mut phase)
                .await;
            // a connection that was never of use does not end an outage
            if service.lost.is_none() {
                (lost, asked) = (Some(Instant::now()), session.asked);
            } else {
                asked += session.asked;
            }
            let pause = if served.is_some() {
                session.asked
            } else {
                Duration::ZERO
            };
            let pause = pause.max(Duration::from_millis(random.random_range(20..150)));
            tokio::select! {
                () = sleep(pause) => {}
                () = over(&mut phase) => return,
            }
        }
    }

    /// One connection from beginning to end; `None` if there was none.
    async fn serve(
        &self,
        gateway: &str,
        session: &mut Session,
        service: &mut Service,
        random: &mut StdRng,
        phase: &mut watch::Receiver<Phase>,
    ) -> Option<()> {
        let mut link = Link::open(gateway, &self.token).await?;
        let first = timeout(PATIENCE, link.next()).await.ok()??;
        self.hear(session, service, first);
        self.send_again(session, &mut link).await?;
        let mut tick = interval(TICK);
        let mut pinged = false;
        loop {
            let loaded = *phase.borrow() == Phase::Load;
            tokio::select! {
                frames = link.next() => {
                    pinged = false;
                    self.hear(session, service, frames?);
                }
                _ = tick.tick() => {
                    if link.silence() > PATIENCE {
                        return Some(());
                    }
                    let mut frames = session.due(&self.notes.lock());
                    if link.silence() > SILENCE && !pinged {
                        pinged = true;
                        frames.push(session.frame(client_frame::Body::Ping(v1::Ping::default())));
                    }
                    if loaded {
                        frames.extend(self.say(session, random));
                    }
                    if !frames.is_empty() {
                        link.send(&frames).await?;
                    }
                }
                () = over(phase) => return Some(()),
            }
        }
    }

    fn hear(&self, session: &mut Session, service: &mut Service, frames: Vec<v1::ServerFrame>) {
        let mut notes = self.notes.lock();
        for frame in frames {
            if session.hear(frame, &mut notes, self.begin.elapsed())
                && let Some(outage) = service.restored()
            {
                notes.outages.push(outage);
            }
        }
    }

    /// What it has not heard the end of, in order.
    async fn send_again(&self, session: &mut Session, link: &mut Link) -> Option<()> {
        let open: Vec<(Id, Said)> = {
            let notes = self.notes.lock();
            let said = |id: &Id| (id.clone(), notes.ledger.sent[id].0.clone());
            notes.open.iter().map(said).collect()
        };
        for few in open.chunks(CHUNK) {
            let frames: Vec<_> = few.iter().map(|(id, said)| session.send(id, said)).collect();
            link.send(&frames).await?;
        }
        Some(())
    }

    /// Something new, now and then, as long as not too much is open.
    fn say(&self, session: &mut Session, random: &mut StdRng) -> Vec<v1::ClientFrame> {
        let Some(sender) = self.sender else { return Vec::new() };
        if !random.random_bool(0.25) {
            return Vec::new();
        }
        let mut notes = self.notes.lock();
        let room = sender.window.saturating_sub(notes.open.len());
        let burst = random.random_range(1..=sender.burst).min(room);
        let mut frames = Vec::with_capacity(burst);
        for _ in 0..burst {
            let id = Uuid::now_v7().to_string();
            let longest = if random.random_bool(0.05) { 4_000 } else { 200 };
            let length = random.random_range(0..longest);
            let said = Said {
                conversation: self.conversations[random.random_range(0..self.conversations.len())],
                sender: self.user,
                text: format!("{} {}", notes.ledger.sent.len(), "x".repeat(length)),
            };
            frames.push(session.send(&id, &said));
            notes.ledger.sent.insert(id.clone(), (said, self.begin.elapsed()));
            notes.open.push_back(id);
        }
        frames
    }
}

async fn over(phase: &mut watch::Receiver<Phase>) {
    // whoever tells phases may be gone
    let _ = phase.wait_for(|phase| *phase == Phase::End).await;
}

/// Since when a sender is without service.
struct Service {
    lost: Option<Instant>,
    asked: Duration,
}

impl Service {
    /// A message was accepted; how long none was, beyond what the server asked to wait.
    fn restored(&mut self) -> Option<Duration> {
        let lost = self.lost.take()?;
        Some(lost.elapsed().saturating_sub(self.asked))
    }
}
