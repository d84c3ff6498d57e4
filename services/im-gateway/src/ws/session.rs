//! The task of one connection.

use super::{
    connection::Connection,
    reader::{Intake, read},
    resume::{Resumption, Step},
    writer,
};
use crate::{
    error::{LinkError, unreadable},
    gate::Gate,
    uplink::{Item, Room},
};
use axum::extract::ws::{Message, WebSocket};
use futures::{
    FutureExt as _, StreamExt as _,
    future::{BoxFuture, OptionFuture},
};
use im_schema::{failure::Failure, parlance::Reason, v1::client_frame::Body};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Messages that are there already are taken together, up to about so many bytes.
pub(crate) const GATHER_BYTES: usize = 64 * 1024;

/// A connection in the hub and in presence; taken out when it is dropped.
pub(crate) struct Registration {
    pub(crate) gate: Arc<Gate>,
    pub(crate) connection: Arc<Connection>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.gate.hub.remove(&self.connection);
        let (gate, user) = (Arc::clone(&self.gate), self.connection.user());
        self.gate.tasks.spawn(async move { gate.presence.left(user).await });
    }
}

/// What is under way on a connection. Everything here is bounded: while there is a stalled batch or a waiting call, nothing is read.
struct Session {
    gate: Arc<Gate>,
    connection: Arc<Connection>,
    socket: WebSocket,
    /// Messages for which the uplink has no room yet.
    stalled: Option<(Vec<Item>, BoxFuture<'static, Option<Room>>)>,
    /// Calls that have to wait for others of this connection.
    calls: VecDeque<(u64, Body)>,
    resumption: Option<BoxFuture<'static, Step>>,
}

/// Serves a connection, which came with this token, until it ends.
pub(crate) async fn serve(registration: Registration, token: String, socket: WebSocket) {
    let (gate, connection) = (Arc::clone(&registration.gate), Arc::clone(&registration.connection));
    // before `ready` is written: from then on the client counts on being found
    gate.presence.arrived(connection.user()).await;
    // whoever ended the session before that did not find this connection
    if let Err(failure) = gate.authenticator.verify(&token).await
        && failure.reason() == Reason::SessionEnded
    {
        connection.outbox.fail(&failure);
    }
    drop(token);
    let mut session = Session {
        gate,
        connection,
        socket,
        stalled: None,
        calls: VecDeque::new(),
        resumption: None,
    };
    if let Err(error) = session.run().await {
        tracing::debug!(
            connection.id = session.connection.id, user.id = %session.connection.user(),
            error = &error as &dyn std::error::Error, "connection lost"
        );
    }
}

impl Session {
    async fn run(&mut self) -> Result<(), LinkError> {
        let connection = Arc::clone(&self.connection);
        loop {
            // writing comes first in every round: it frees memory, and others wait for it
            while let Some(batch) = connection.outbox.take() {
                let last = batch.close.is_some();
                let grace = self.gate.config.close_grace;
                writer::write(&mut self.socket, &connection.outbox, batch, &self.gate.meters, grace).await?;
                if last {
                    Box::pin(writer::linger(&mut self.socket)).await;
                    return Ok(());
                }
            }
            self.begin_calls();
            let reads = self.stalled.is_none()
                && self.calls.is_empty()
                && !self.gate.hub.is_draining()
                && !connection.outbox.is_closing();
            let stalled = OptionFuture::from(self.stalled.as_mut().map(|(_, room)| room));
            let resumption = OptionFuture::from(self.resumption.as_mut());
            tokio::select! {
                biased;
                // what stalled goes on before anything newer is read: order
                Some(room) = stalled => self.unstall(room),
                // reading is bounded by what a round takes, so that it never keeps writing waiting
                message = self.socket.next(), if reads => {
                    if !self.gather(message) {
                        return Ok(());
                    }
                }
                // history only as fast as the client takes it: the next page follows when this round has written
                Some(step) = resumption => self.resume(step),
                // last, since every round looks into the outbox anyway
                () = connection.outbox.changed() => {}
            }
        }
    }

    /// Reads a message and what else is there already. `false` when the peer is gone.
    fn gather(&mut self, first: Option<Result<Message, axum::Error>>) -> bool {
        self.connection.heard(self.gate.coarse_ms());
        let mut intake = Intake::default();
        let mut next = Some(first);
        let mut open = true;
        while let Some(message) = next {
            match message {
                Some(Ok(message)) => self.read(message, &mut intake),
                Some(Err(error)) => match unreadable(error) {
                    Some(failure) => self.connection.outbox.fail(&failure),
                    None => open = false,
                },
                None => open = false,
            }
            let full = intake.bytes >= GATHER_BYTES || !intake.calls.is_empty();
            next = if !open || full || self.connection.outbox.is_closing() {
                None
            } else {
                self.socket.next().now_or_never()
            };
        }
        self.take_up(intake);
        open
    }

    fn read(&self, message: Message, intake: &mut Intake) {
        // a bug that one message sets off must not take the connection down without a word
        let read = catch_unwind(AssertUnwindSafe(|| read(&self.gate, &self.connection, message, intake)));
        if read.is_err() {
            tracing::error!(connection.id = self.connection.id, "reading a message panicked");
            self.connection.outbox.fail(&Failure::new(Reason::Internal, ""));
        }
    }

    fn take_up(&mut self, intake: Intake) {
        let Intake {
            items, calls, resume, ..
        } = intake;
        if !items.is_empty()
            && let Err(items) = self.gate.uplink.push(items)
        {
            metrics::counter!("gateway_uplink_stalls_total").increment(1);
            let room = Box::pin(self.gate.uplink.room_for(&items));
            self.stalled = Some((items, room));
        }
        self.calls.extend(calls);
        for (request_id, wanted) in resume {
            if self.resumption.is_some() {
                let failure = Failure::new(Reason::RateLimited, "another resume is under way on this connection");
                self.connection.outbox.send(&crate::error::frame(request_id, &failure));
                continue;
            }
            let history = self.gate.history.clone();
            let resumption = Resumption::new(
                request_id,
                wanted,
                history,
                self.connection.context(),
                self.connection.outbox.wire(),
            );
            self.resumption = Some(Box::pin(resumption.step()));
        }
    }

    fn unstall(&mut self, room: Option<Room>) {
        let Some((items, _)) = self.stalled.take() else { return };
        match room {
            Some(room) => self.gate.uplink.push_into(room, items),
            None => self.gate.uplink.refuse(items),
        }
    }

    fn resume(&mut self, Step { frames, count, rest }: Step) {
        self.connection.outbox.copy(&frames, count);
        self.resumption = rest.map(|rest| Box::pin(rest.step()) as BoxFuture<'static, Step>);
    }

    /// Begins as many of the waiting calls as may be answered at the same time.
    fn begin_calls(&mut self) {
        while !self.calls.is_empty() && self.connection.begin_call(self.gate.config.max_calls_per_connection) {
            let Some((request_id, body)) = self.calls.pop_front() else {
                return;
            };
            let (gate, connection) = (Arc::clone(&self.gate), Arc::clone(&self.connection));
            self.gate
                .tasks
                .spawn(async move { super::reader::call(&gate, &connection, request_id, body).await });
        }
    }
}
