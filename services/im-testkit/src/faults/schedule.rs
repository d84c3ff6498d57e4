//! What a seed decides: who talks to whom, and what goes wrong when. The same seed is the same schedule, always.

use rand::{Rng, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use std::{fmt, time::Duration};

/// Processes of each role.
pub const EACH: usize = 2;
/// The load lasts as long as this; all faults begin, and most end, in it.
const LOAD: Duration = Duration::from_millis(6_500);

/// What a process of the platform does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Holds connections.
    Gateway,
    /// Decides.
    Logic,
    /// Keeps.
    Repo,
    /// Does what may wait.
    Task,
}

impl Role {
    /// In the order in which they are restarted.
    pub const ALL: [Self; 4] = [Self::Repo, Self::Logic, Self::Task, Self::Gateway];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Logic => "logic",
            Self::Repo => "repo",
            Self::Task => "task",
        }
    }

    /// What connects its processes to the rest.
    #[must_use]
    pub fn links(self) -> &'static [Link] {
        match self {
            Self::Gateway | Self::Task => &[Link::Kafka, Link::Redis, Link::Etcd],
            Self::Logic => &[Link::Kafka, Link::Redis, Link::Etcd, Link::Callers],
            Self::Repo => &[Link::Redis, Link::Etcd, Link::Mysql, Link::Callers],
        }
    }
}

/// One process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Process {
    /// What it does.
    pub role: Role,
    /// Which one of its role, below [`EACH`].
    pub number: usize,
}

impl Process {
    /// Every process.
    pub fn all() -> impl Iterator<Item = Self> {
        Role::ALL
            .into_iter()
            .flat_map(|role| (0..EACH).map(move |number| Self { role, number }))
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.role.name(), ["a", "b"][self.number])
    }
}

/// A server that the processes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named for what they are")]
pub enum Engine {
    Kafka,
    Redis,
    Etcd,
    Mysql,
    MysqlReplica,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Kafka, Self::Redis, Self::Etcd, Self::Mysql, Self::MysqlReplica];

    /// Its name for `deploy/native/engines`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Redis => "redis",
            Self::Etcd => "etcd",
            Self::Mysql => "mysql",
            Self::MysqlReplica => "mysql_replica",
        }
    }
}

/// What a process is connected by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    /// To the broker.
    Kafka,
    /// To Redis.
    Redis,
    /// To etcd.
    Etcd,
    /// To the primary.
    Mysql,
    /// From the processes that call it.
    Callers,
}

impl Link {
    fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Redis => "redis",
            Self::Etcd => "etcd",
            Self::Mysql => "mysql",
            Self::Callers => "its callers",
        }
    }
}

/// How a network fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cut {
    /// Connections break, new ones are refused.
    Reset,
    /// Nothing comes through, and nobody is told; what was said arrives when it is over.
    Hold,
    /// What is asked arrives, answers do not; connections break when it is over.
    Mute,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// SIGKILL, and started again after the time.
    Kill(Process),
    /// SIGTERM, and started again after the time.
    Restart(Process),
    /// SIGSTOP, and SIGCONT after the time.
    Pause(Process),
    /// SIGKILL, and started again on its data after the time.
    KillEngine(Engine),
    /// SIGSTOP, and SIGCONT after the time.
    PauseEngine(Engine),
    /// A connection fails for the time.
    Disconnect(Process, Link, Cut),
}

/// What no two faults may befall at once.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Process(Process),
    Engine(Engine),
    Link(Process, Link),
}

impl Fault {
    fn target(self) -> Target {
        match self {
            Self::Kill(process) | Self::Restart(process) | Self::Pause(process) => Target::Process(process),
            Self::KillEngine(engine) | Self::PauseEngine(engine) => Target::Engine(engine),
            Self::Disconnect(process, link, _) => Target::Link(process, link),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(process) => write!(f, "kill {process}"),
            Self::Restart(process) => write!(f, "restart {process}"),
            Self::Pause(process) => write!(f, "pause {process}"),
            Self::KillEngine(engine) => write!(f, "kill {}", engine.name()),
            Self::PauseEngine(engine) => write!(f, "pause {}", engine.name()),
            Self::Disconnect(process, link, how) => {
                let how = match how {
                    Cut::Reset => "cut",
                    Cut::Hold => "freeze",
                    Cut::Mute => "mute",
                };
                write!(f, "{how} {process} from {}", link.name())
            }
        }
    }
}

/// A fault and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// From the begin of the load on.
    pub at: Duration,
    /// What goes wrong.
    pub fault: Fault,
    /// How long it lasts.
    pub lasts: Duration,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, lasts) = (self.at.as_secs_f64(), self.lasts.as_secs_f64());
        write!(f, "at {at:.2} s {} for {lasts:.2} s", self.fault)
    }
}

/// A user who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Decides what it says, and when.
    pub seed: u64,
    /// Most messages at once.
    pub burst: usize,
    /// Most messages of which it has not heard yet what became of them.
    pub window: usize,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What it came from.
    pub seed: u64,
    /// Who sends.
    pub senders: Vec<Sender>,
    /// How long they do.
    pub load: Duration,
    /// By time.
    pub events: Vec<Event>,
}

impl Schedule {
    /// That of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut schedule = Self::quiet(seed, &mut random);
        let count = random.random_range(3..=7);
        while schedule.events.len() < count {
            let event = event(&mut random);
            let meets = |other: &Event| {
                other.fault.target() == event.fault.target()
                    && other.at <= event.at + event.lasts
                    && event.at <= other.at + other.lasts
            };
            if !schedule.events.iter().any(meets) {
                schedule.events.push(event);
            }
        }
        schedule.events.sort_by_key(|event| event.at);
        schedule
    }

    /// The load of a seed, and nothing goes wrong.
    #[must_use]
    pub fn peace(seed: u64) -> Self {
        Self::quiet(seed, &mut StdRng::seed_from_u64(seed))
    }

    fn quiet(seed: u64, random: &mut StdRng) -> Self {
        let senders = (0..random.random_range(5..=7)).map(|_| Sender {
            seed: random.random(),
            burst: random.random_range(1..=8),
            window: random.random_range(4..=96),
        });
        Self {
            seed,
            senders: senders.collect(),
            load: LOAD,
            events: Vec::new(),
        }
    }
}

fn event(random: &mut StdRng) -> Event {
    let process = Process {
        role: *Role::ALL.choose(random).expect("there are roles"),
        number: random.random_range(0..EACH),
    };
    let engine = *Engine::ALL.choose(random).expect("there are engines");
    let (fault, longest) = match random.random_range(0..100) {
        0..30 => (Fault::Kill(process), 1_500),
        30..40 => (Fault::Restart(process), 500),
        40..58 => (Fault::Pause(process), 5_000),
        58..70 => (Fault::KillEngine(engine), 1_500),
        70..80 => (Fault::PauseEngine(engine), 3_000),
        _ => {
            let link = *process.role.links().choose(random).expect("each role has links");
            let how = *[Cut::Reset, Cut::Hold, Cut::Mute]
                .choose(random)
                .expect("there are cuts");
            (Fault::Disconnect(process, link, how), 4_000)
        }
    };
    Event {
        at: Duration::from_millis(random.random_range(200..5_500)),
        fault,
        lasts: Duration::from_millis(random.random_range(0..longest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_seed_is_always_the_same_schedule_and_another_seed_another() {
        for seed in 0..100 {
            assert_eq!(Schedule::of(seed), Schedule::of(seed));
            assert_ne!(Schedule::of(seed).events, Schedule::of(seed + 1).events);
        }
        let first: Vec<String> = Schedule::of(1).events.iter().map(ToString::to_string).collect();
        let noted = [
            "at 1.59 s kill gateway-b for 0.28 s",
            "at 4.87 s freeze logic-a from redis for 0.17 s",
            "at 5.22 s kill logic-b for 0.88 s",
        ];
        assert_eq!(first, noted, "seeds that were noted down mean what they meant");
    }

    #[test]
    fn in_a_hundred_seeds_everything_goes_wrong_that_can() {
        let faults: HashSet<String> = (0..400)
            .flat_map(|seed| Schedule::of(seed).events)
            .map(|event| event.fault.to_string())
            .collect();
        for process in Process::all() {
            for verb in ["kill", "restart", "pause"] {
                assert!(faults.contains(&format!("{verb} {process}")), "{verb} {process}");
            }
            for link in process.role.links() {
                for verb in ["cut", "freeze", "mute"] {
                    let fault = format!("{verb} {process} from {}", link.name());
                    assert!(faults.contains(&fault), "{fault}");
                }
            }
        }
        for engine in Engine::ALL {
            for verb in ["kill", "pause"] {
                let fault = format!("{verb} {}", engine.name());
                assert!(faults.contains(&fault), "{fault}");
            }
        }
    }

    #[test]
    fn faults_overlap_but_never_on_one_target() {
        let mut overlaps = 0;
        for seed in 0..100 {
            let events = Schedule::of(seed).events;
            for (place, event) in events.iter().enumerate() {
                for later in &events[place + 1..] {
                    let overlap = later.at <= event.at + event.lasts;
                    overlaps += usize::from(overlap);
                    assert!(
                        !overlap || later.fault.target() != event.fault.target(),
                        "{event}; {later}"
                    );
                }
            }
        }
        assert!(overlaps > 50, "{overlaps}");
    }
}
