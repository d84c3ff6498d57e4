//! One process of the platform, watched over as an operator's supervisor does: what ends is started again.

use super::schedule::{Process, Role};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// So long may a process take to be ready on a busy machine, engines that start at the same time included.
const PATIENCE: Duration = Duration::from_secs(90);
/// A process that ends at once is not started again at once.
const PAUSE: Duration = Duration::from_millis(200);

/// A process that is meant to run, or not.
pub(super) struct Node {
    wanted: watch::Sender<bool>,
    running: watch::Receiver<Running>,
    ended_by_itself: Arc<AtomicUsize>,
    supervisor: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Not,
    Starting(Pid),
    Ready(Pid),
}

impl Node {
    /// Starts a process of the program with these settings; what it logs is added to a file in the folder.
    pub(super) fn start(program: PathBuf, folder: &Path, process: Process, settings: Vec<(String, String)>) -> Self {
        let (wanted, watched) = watch::channel(true);
        let (report, running) = watch::channel(Running::Not);
        let ended_by_itself = Arc::new(AtomicUsize::new(0));
        let log = folder.join(format!("{process}.log"));
        let launch = Launch {
            program,
            log,
            role: process.role,
            settings,
        };
        let supervisor = tokio::spawn(supervise(launch, watched, report, Arc::clone(&ended_by_itself)));
        Self {
            wanted,
            running,
            ended_by_itself,
            supervisor,
        }
    }

    /// Waits until it serves.
    ///
    /// # Errors
    /// It does not, in a minute and a half.
    pub(super) async fn ready(&self) -> io::Result<()> {
        let mut running = self.running.clone();
        let ready = running.wait_for(|running| matches!(running, Running::Ready(_)));
        match timeout(PATIENCE, ready).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(io::Error::other("a process does not become ready")),
        }
    }

    /// SIGKILL or SIGTERM, and not started again until [`Self::up`]. Waits until it has ended.
    pub(super) async fn down(&self, signal: Signal) {
        self.wanted.send_replace(false);
        self.tell(signal);
        let mut running = self.running.clone();
        let ended = running.wait_for(|running| *running == Running::Not);
        if timeout(PATIENCE, ended).await.is_err() {
            self.tell(Signal::KILL);
        }
    }

    /// Starts it again.
    pub(super) fn up(&self) {
        self.wanted.send_replace(true);
    }

    /// Sends a signal, if it runs.
    pub(super) fn tell(&self, signal: Signal) {
        if let Running::Starting(pid) | Running::Ready(pid) = *self.running.borrow() {
            // it may end at this very moment
            let _ = kill_process(pid, signal);
        }
    }

    /// How often it ended although nobody asked it to.
    pub(super) fn ended_by_itself(&self) -> usize {
        self.ended_by_itself.load(Ordering::Relaxed)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // the child is killed with it
        self.supervisor.abort();
    }
}

struct Launch {
    program: PathBuf,
    log: PathBuf,
    role: Role,
    settings: Vec<(String, String)>,
}

impl Launch {
    fn go(&self) -> io::Result<Child> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.arg(self.role.name());
        for (key, value) in &self.settings {
            command.args(["--set", &format!("{key}={value}")]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
    }
}

async fn supervise(
    launch: Launch,
    mut wanted: watch::Receiver<bool>,
    report: watch::Sender<Running>,
    ended_by_itself: Arc<AtomicUsize>,
) {
    while wanted.wait_for(|wanted| *wanted).await.is_ok() {
        let mut child = launch.go().expect("the program can be run");
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.expect("it was not waited for");
        report.send_replace(Running::Starting(pid));
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let tell_when_ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains(" is ready ") {
                    report.send_replace(Running::Ready(pid));
                }
            }
        };
        let (_, ended) = tokio::join!(tell_when_ready, child.wait());
        ended.expect("it is our child");
        report.send_replace(Running::Not);
        if *wanted.borrow() {
            ended_by_itself.fetch_add(1, Ordering::Relaxed);
            sleep(PAUSE).await;
        }
    }
}
