//! The connection, kept alive: comes back after a loss with a pause that grows, renews the token in time.

use super::account::Account;
use crate::link::{self, Incoming};
use im_infra::clock::SystemClock;
use im_schema::{
    failure::Failure,
    parlance::Reason,
    v1::{self, client_frame, server_frame},
};
use std::time::Duration;
use tokio::sync::mpsc;

const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What the connection tells.
#[derive(Debug)]
pub(crate) enum Event {
    /// Live messages arrive from here on; what was missed has to be asked for.
    Online,
    /// The connection was lost and is tried again after the pause.
    Offline { why: String, pause: Duration },
    /// A frame came.
    Frame(Box<v1::ServerFrame>),
    /// The session is over, which the text says: nothing will come any more.
    Ended(String),
}

/// The two ends that the rest of the client holds.
pub(crate) struct Live {
    // unbounded, since the two sides would else wait for each other; the app sends little: what a person types, and answers to what came
    outgoing: mpsc::UnboundedSender<v1::ClientFrame>,
    events: mpsc::Receiver<Event>,
    next_request: u64,
}

impl Live {
    /// Begins to connect.
    pub(crate) fn start(account: Account) -> Self {
        let (outgoing, from_app) = mpsc::unbounded_channel();
        let (to_app, events) = mpsc::channel(1024);
        tokio::spawn(keep(account, from_app, to_app));
        Self {
            outgoing,
            events,
            next_request: 1,
        }
    }

    /// The next event; `None` after [`Event::Ended`].
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next event, if there is one already.
    pub(crate) fn next_now(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Hands a frame to the connection; its request id. While offline frames are dropped: whoever needs an answer asks again on [`Event::Online`].
    pub(crate) async fn send(&mut self, body: client_frame::Body) -> u64 {
        let request_id = self.next_request;
        self.next_request += 1;
        // the connection is over for good: its last event says so
        let _ = self.outgoing.send(v1::ClientFrame {
            request_id,
            body: Some(body),
            ..Default::default()
        });
        request_id
    }

    /// Like [`Self::send`] after a pause, without waiting for it.
    pub(crate) fn send_later(&mut self, body: client_frame::Body, pause: Duration) -> u64 {
        let request_id = self.next_request;
        self.next_request += 1;
        let outgoing = self.outgoing.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            let body = Some(body);
            // the connection is over for good: its last event says so
            let _ = outgoing.send(v1::ClientFrame {
                request_id,
                body,
                ..Default::default()
            });
        });
        request_id
    }
}

async fn keep(
    mut account: Account,
    mut outgoing: mpsc::UnboundedReceiver<v1::ClientFrame>,
    events: mpsc::Sender<Event>,
) {
    let mut pause = Duration::from_millis(200);
    loop {
        let mut lost = match serve(&mut account, &mut outgoing, &events, &mut pause).await {
            Ok(lost) => lost,
            Err(error) => Lost::by(&error),
        };
        if lost.app_left {
            return;
        }
        if lost.token_expired {
            match account.refresh().await {
                Ok(()) => pause = Duration::ZERO,
                Err(error) => lost = Lost::by(&error),
            }
        }
        if lost.session_over {
            // nobody may be listening any more
            let why = format!("the session is over ({}); log in again", lost.why);
            let _ = events.send(Event::Ended(why)).await;
            return;
        }
        // up to half of the pause more, so that not all clients come back at once
        let wait = lost
            .asked_pause
            .unwrap_or(pause)
            .mul_f64(1.0 + rand::random::<f64>() / 2.0);
        if events
            .send(Event::Offline {
                why: lost.why,
                pause: wait,
            })
            .await
            .is_err()
        {
            return;
        }
        tokio::time::sleep(wait).await;
        pause = (pause * 2).clamp(Duration::from_millis(200), LONGEST_PAUSE);
        while outgoing.try_recv().is_ok() {}
    }
}

#[derive(Default)]
struct Lost {
    why: String,
    asked_pause: Option<Duration>,
    token_expired: bool,
    session_over: bool,
    app_left: bool,
}

impl Lost {
    /// What an error means. Only an answer of the server ends the session: without one it may go on.
    fn by(error: &anyhow::Error) -> Self {
        let reason = error
            .chain()
            .find_map(|cause| cause.downcast_ref::<Failure>())
            .map(Failure::reason);
        Self {
            why: format!("{error:#}"),
            token_expired: reason == Some(Reason::TokenExpired),
            session_over: matches!(
                reason,
                Some(Reason::Unauthenticated | Reason::SessionEnded | Reason::RefreshInvalid | Reason::RefreshReused)
            ),
            ..Self::default()
        }
    }
}

async fn serve(
    account: &mut Account,
    outgoing: &mut mpsc::UnboundedReceiver<v1::ClientFrame>,
    events: &mpsc::Sender<Event>,
    pause: &mut Duration,
) -> anyhow::Result<Lost> {
    if account.refresh_in(SystemClock::shared().now_ms()) < Duration::from_secs(5) {
        account.refresh().await?;
    }
    let (mut sender, mut receiver) = link::connect(&account.url, account.token()).await?;
    let mut lost = Lost {
        why: "the connection was lost".to_owned(),
        ..Lost::default()
    };
    let mut renewal = Box::pin(tokio::time::sleep(account.refresh_in(SystemClock::shared().now_ms())));
    loop {
        tokio::select! {
            incoming = receiver.next() => match incoming? {
                Incoming::Frames(frames) => for frame in frames {
                    *pause = Duration::from_millis(200);
                    let event = match frame.body {
                        Some(server_frame::Body::Ready(_)) => Event::Online,
                        Some(server_frame::Body::GoAway(away)) => {
                            lost.asked_pause = Some(Duration::from_millis(away.reconnect_after_ms.into()));
                            "the server is going down".clone_into(&mut lost.why);
                            continue;
                        }
                        _ => Event::Frame(Box::new(frame)),
                    };
                    if events.send(event).await.is_err() {
                        lost.app_left = true;
                        return Ok(lost);
                    }
                },
                Incoming::Closed(close) => {
                    if let Some(close) = close {
                        let code = u16::from(close.code);
                        lost.token_expired = code == Reason::TokenExpired.spec().close;
                        lost.session_over = code == Reason::SessionEnded.spec().close;
                        if !close.reason.is_empty() {
                            lost.why = close.reason.to_string();
                        }
                    }
                    return Ok(lost);
                }
            },
            frame = outgoing.recv() => match frame {
                Some(frame) => sender.send([&frame]).await?,
                None => {
                    sender.close().await;
                    lost.app_left = true;
                    return Ok(lost);
                }
            },
            () = &mut renewal => {
                account.refresh().await?;
                let access_token = account.token().to_owned();
                let frame = v1::ClientFrame::from(v1::Renew { access_token, ..Default::default() });
                sender.send([&frame]).await?;
                renewal = Box::pin(tokio::time::sleep(account.refresh_in(SystemClock::shared().now_ms())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    fn by(reason: Reason) -> Lost {
        let refused: anyhow::Result<()> = Err(Failure::new(reason, "").into());
        Lost::by(&refused.context("upgrade the connection").expect_err("it is refused"))
    }

    #[test]
    fn what_the_server_will_never_take_again_ends_the_session() {
        for over in [
            Reason::Unauthenticated,
            Reason::SessionEnded,
            Reason::RefreshInvalid,
            Reason::RefreshReused,
        ] {
            let lost = by(over);
            assert!(lost.session_over && !lost.token_expired, "{over:?}");
            assert!(lost.why.contains(over.spec().name), "{}", lost.why);
        }
        assert!(by(Reason::TokenExpired).token_expired);
        for passing in [
            Reason::TokenExpired,
            Reason::Unavailable,
            Reason::RateLimited,
            Reason::Internal,
        ] {
            assert!(!by(passing).session_over, "{passing:?}");
        }
        assert!(!Lost::by(&anyhow::anyhow!("connection refused")).session_over);
    }
}
