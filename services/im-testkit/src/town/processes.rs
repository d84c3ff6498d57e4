//! The platform as processes, some of each role.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};
use tokio::{task::spawn_blocking, time::timeout};

/// In the order in which they are ended.
const ROLES: [&str; 4] = ["gateway", "logic", "task", "repo"];
/// So long may a process take to be ready, beside seven others, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Running processes. Dropping them kills them.
pub(super) struct Processes(Vec<Process>);

struct Process {
    role: &'static str,
    child: Child,
    url: String,
}

impl Processes {
    /// Starts them all, `each` of a role, and waits until all are ready. What they log goes to files in `folder`.
    ///
    /// # Panics
    /// If one of them does not start.
    pub(super) async fn start(
        program: &'static str,
        each: usize,
        folder: &Path,
        settings: &[(String, String)],
    ) -> Self {
        let mut started = Vec::new();
        for role in ROLES {
            for number in 0..each {
                let log = File::options()
                    .create(true)
                    .append(true)
                    .open(folder.join(format!("{role}-{number}.log")))
                    .expect("a log file can be made");
                let mut command = Command::new(program);
                command.arg(role);
                for (key, value) in settings {
                    command.args(["--set", &format!("{key}={value}")]);
                }
                let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
                let mut child = child.expect("the program can be run");
                let output = child.stdout.take().expect("its output is piped");
                let url = String::new();
                started.push((Process { role, child, url }, output));
            }
        }
        let mut processes = Self(Vec::new());
        for (mut process, output) in started {
            let url = timeout(PATIENCE, spawn_blocking(move || address(output))).await;
            process.url = url
                .ok()
                .and_then(Result::ok)
                .flatten()
                .unwrap_or_else(|| panic!("a process of {} did not become ready", process.role));
            processes.0.push(process);
        }
        processes
    }

    /// Where those of a role serve.
    pub(super) fn urls(&self, role: &str) -> Vec<String> {
        let of_role = self.0.iter().filter(|process| process.role == role);
        of_role.map(|process| process.url.clone()).collect()
    }

    /// Ends them in order, as an operator would.
    ///
    /// # Panics
    /// If one of them fails, or does not end.
    pub(super) async fn stop(mut self) {
        for role in ROLES {
            let (going, staying): (Vec<_>, Vec<_>) = self.0.drain(..).partition(|process| process.role == role);
            self.0 = staying;
            for process in &going {
                process.tell(Signal::TERM);
            }
            for mut process in going {
                let ended = timeout(PATIENCE, spawn_blocking(move || process.child.wait())).await;
                let ended = ended.unwrap_or_else(|_| panic!("a process of {role} did not end"));
                let status = ended.expect("it is waited for").expect("it is our child");
                assert!(status.success(), "a process of {role} ended with {status}");
            }
        }
    }
}

impl Process {
    fn tell(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it has not been waited for");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What all processes of a folder have logged.
pub(super) fn log(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "log") {
            all += &std::fs::read_to_string(path).expect("the log can be read");
        }
    }
    all
}

/// The address in the line that says that a process is ready; `None` if it ends before.
fn address(output: ChildStdout) -> Option<String> {
    let mut lines = BufReader::new(output).lines();
    let ready = lines.find_map(|line| line.ok().filter(|line| line.contains(" is ready ")))?;
    ready.rsplit_once(' ').map(|(_, url)| url.to_owned())
}
