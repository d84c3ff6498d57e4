//! The load itself: connections that send by plan, and connections that receive.

use super::{
    arena::Account,
    plan::Plan,
    server::Server,
    tally::{Arrival, Seen, Tally},
};
use crate::link::{self, Incoming};
use anyhow::{Context as _, bail};
use bytes::BytesMut;
use im_schema::{frame, ids::ConversationId, v1};
use std::{
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};
use uuid::Uuid;
use v1::{client_frame, content, server_frame};

/// Messages that one WebSocket message carries at most.
const MOST_AT_ONCE: u64 = 256;

/// Who sends what to whom, and who listens.
pub(crate) struct Cast {
    /// Accounts that send, each to one conversation.
    pub(crate) senders: Vec<(Account, ConversationId)>,
    /// Accounts that only listen.
    pub(crate) listeners: Vec<Account>,
    /// How many deliveries follow from one accepted message.
    pub(crate) receivers: u64,
}

/// How much is sent.
#[derive(Clone, Copy)]
pub(crate) struct Dose {
    /// Messages per second, all senders together.
    pub(crate) rate: f64,
    /// How long.
    pub(crate) span: Duration,
    /// Bytes of a message's text.
    pub(crate) bytes: usize,
    /// How often a connection looks what is due; what has become due meanwhile goes out as one WebSocket message.
    pub(crate) tick: Duration,
}

/// What a run yields.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// Deliveries that were to come.
    pub(crate) expected: u64,
    /// From the first intended send to the last delivery.
    pub(crate) whole: Duration,
    pub(crate) connections: usize,
}

struct Shared {
    tally: RefCell<Tally>,
    plans: RefCell<Vec<Plan>>,
    run: u32,
    last_arrival: RefCell<Instant>,
    failed: RefCell<Option<String>>,
}

/// Opens all connections, sends by plan, waits until everything has arrived or nothing does any more.
pub(crate) async fn run(server: &Server, cast: &Cast, dose: Dose) -> anyhow::Result<Outcome> {
    let now = Instant::now();
    let shared = Rc::new(Shared {
        tally: RefCell::default(),
        plans: RefCell::default(),
        run: rand::random(),
        last_arrival: RefCell::new(now),
        failed: RefCell::default(),
    });
    let mut tasks = tokio::task::JoinSet::new();
    let mut senders = Vec::new();
    for (lane, (account, conversation)) in cast.senders.iter().enumerate() {
        let (sender, receiver) = open(server.url(lane), account).await?;
        tasks.spawn_local(listen(receiver, Some(lane), shared.clone()));
        senders.push((sender, *conversation));
    }
    for (number, account) in cast.listeners.iter().enumerate() {
        // elsewhere than the one who sends to it, if there is an elsewhere
        let (sender, receiver) = open(server.url(number + 1), account).await?;
        // the sender is kept: dropping it would close the connection
        let shared = shared.clone();
        tasks.spawn_local(async move {
            listen(receiver, None, shared).await;
            drop(sender);
        });
    }
    let connections = cast.senders.len() + cast.listeners.len();
    let begin = Instant::now() + Duration::from_millis(100);
    let lanes = senders.len();
    let plans: Vec<Plan> = (0..lanes)
        .map(|lane| Plan::new(begin, dose.rate, lane, lanes, dose.span))
        .collect();
    *shared.plans.borrow_mut() = plans.clone();
    let mut sending = tokio::task::JoinSet::new();
    for (lane, (sender, conversation)) in senders.into_iter().enumerate() {
        sending.spawn_local(send(sender, conversation, lane, plans[lane], dose, shared.clone()));
    }
    let mut finished = Vec::new();
    while let Some(done) = sending.join_next().await {
        finished.push(done.context("a sender panicked")??);
    }
    let expected = drain(&shared, cast.receivers).await;
    let whole = shared.last_arrival.borrow().saturating_duration_since(begin);
    // those who listen go first: what ends now is no loss
    tasks.shutdown().await;
    for mut sender in finished {
        sender.close().await;
    }
    if let Some(reason) = shared.failed.borrow_mut().take() {
        bail!("a connection was lost: {reason}");
    }
    let tally = shared.tally.take();
    Ok(Outcome {
        tally,
        expected,
        whole,
        connections,
    })
}

async fn open(url: &str, account: &Account) -> anyhow::Result<(link::Sender, link::Receiver)> {
    let (sender, mut receiver) = link::connect(url, &account.token).await?;
    match receiver.next().await? {
        Incoming::Frames(frames) if matches!(frames[0].body, Some(server_frame::Body::Ready(_))) => {
            Ok((sender, receiver))
        }
        _ => bail!("a connection did not begin with a ready frame"),
    }
}

async fn send(
    mut sender: link::Sender,
    conversation: ConversationId,
    lane: usize,
    plan: Plan,
    dose: Dose,
    shared: Rc<Shared>,
) -> anyhow::Result<link::Sender> {
    let mut next = 0;
    while next < plan.count() {
        wait_until(plan.at(next), dose.tick).await;
        let now = Instant::now();
        let due = plan.due(now).min(next + MOST_AT_ONCE);
        let mut bytes = BytesMut::with_capacity(512);
        for number in next..due {
            frame::encode_binary(&message(conversation, lane, number, dose.bytes, shared.run), &mut bytes);
        }
        sender.send_bytes(bytes.freeze()).await?;
        shared.tally.borrow_mut().sent += due - next;
        next = due;
        if next < plan.count() && plan.at(next) < now + dose.tick {
            tokio::time::sleep_until((now + dose.tick).into()).await;
        }
    }
    Ok(sender)
}

/// The runtime's timer is a millisecond coarse. Where that would show, the last of it is waited out by looking at the clock.
async fn wait_until(time: Instant, tick: Duration) {
    if !tick.is_zero() {
        return tokio::time::sleep_until(time.into()).await;
    }
    tokio::time::sleep_until((time - Duration::from_millis(2)).into()).await;
    while Instant::now() < time {
        tokio::task::yield_now().await;
    }
}

fn message(conversation: ConversationId, lane: usize, number: u64, bytes: usize, run: u32) -> v1::ClientFrame {
    let mut body = format!("{run} {lane} {number} ");
    body.extend(std::iter::repeat_n('.', bytes.saturating_sub(body.len())));
    let request = v1::SendMessageRequest {
        conversation_id: conversation.0,
        client_message_id: Uuid::now_v7().to_string(),
        content: Some(v1::Content {
            kind: Some(content::Kind::Text(v1::Text {
                body,
                ..Default::default()
            })),
            ..Default::default()
        }),
        ..Default::default()
    };
    v1::ClientFrame {
        request_id: number + 1,
        body: Some(client_frame::Body::Send(request)),
        ..Default::default()
    }
}

/// Run, lane and number of a message that [`message`] made.
fn parse(message: &v1::Message) -> Option<(u32, usize, u64)> {
    let Some(content::Kind::Text(text)) = &message.content.as_ref()?.kind else {
        return None;
    };
    let mut words = text.body.splitn(4, ' ');
    Some((
        words.next()?.parse().ok()?,
        words.next()?.parse().ok()?,
        words.next()?.parse().ok()?,
    ))
}

async fn listen(mut receiver: link::Receiver, lane: Option<usize>, shared: Rc<Shared>) {
    let mut seen: HashMap<usize, Seen> = HashMap::new();
    loop {
        match receiver.next().await {
            Ok(Incoming::Frames(frames)) => {
                let now = Instant::now();
                *shared.last_arrival.borrow_mut() = now;
                for server_frame in frames {
                    note(&server_frame, lane, &mut seen, now, &shared);
                }
            }
            Ok(Incoming::Closed(close)) => {
                let reason = close.map_or("without a close frame".to_owned(), |close| {
                    format!("{} {}", close.code, close.reason)
                });
                shared.failed.borrow_mut().get_or_insert(reason);
                return;
            }
            Err(error) => {
                shared.failed.borrow_mut().get_or_insert(error.to_string());
                return;
            }
        }
    }
}

fn note(
    server_frame: &v1::ServerFrame,
    lane: Option<usize>,
    seen: &mut HashMap<usize, Seen>,
    now: Instant,
    shared: &Shared,
) {
    let mut tally = shared.tally.borrow_mut();
    match &server_frame.body {
        Some(server_frame::Body::Accepted(_)) => {
            let plans = shared.plans.borrow();
            if let Some(plan) = lane.and_then(|lane| plans.get(lane)) {
                tally.accepted_after(now.saturating_duration_since(plan.at(server_frame.request_id.saturating_sub(1))));
            }
        }
        Some(server_frame::Body::Stored(_)) => tally.stored += 1,
        Some(server_frame::Body::Error(_) | server_frame::Body::Rejected(_)) => tally.refused += 1,
        Some(server_frame::Body::Message(message)) => {
            let Some((run, lane, number)) = parse(message) else {
                return;
            };
            if run != shared.run {
                return;
            }
            match seen.entry(lane).or_default().note(number) {
                Arrival::Duplicate => tally.duplicated += 1,
                arrival => {
                    tally.out_of_order += u64::from(arrival == Arrival::OutOfOrder);
                    if let Some(plan) = shared.plans.borrow().get(lane) {
                        tally.delivered_after(now.saturating_duration_since(plan.at(number)));
                    }
                }
            }
        }
        _ => {}
    }
}

/// Waits for what is under way; gives up after ten seconds without any arrival. How many deliveries were to come.
async fn drain(shared: &Shared, receivers: u64) -> u64 {
    loop {
        let (complete, expected) = {
            let tally = shared.tally.borrow();
            let expected = tally.accepted * receivers;
            (
                tally.accepted + tally.refused >= tally.sent
                    && tally.delivered >= expected
                    && tally.stored + tally.refused >= tally.sent,
                expected,
            )
        };
        let idle = shared.last_arrival.borrow().elapsed();
        if complete || idle > Duration::from_secs(10) || shared.failed.borrow().is_some() {
            return expected;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
