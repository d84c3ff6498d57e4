//! Processes whose processor time is counted: those of the server, and those that it stands on.

use super::server::cpu_seconds;
use std::collections::BTreeMap;

/// A process that the load is shared with.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// As it is called in the report.
    name: String,
    pid: u32,
}

impl Watched {
    pub(crate) fn new(name: impl Into<String>, pid: u32) -> Self {
        Self { name: name.into(), pid }
    }
}

/// `NAME=PID` of the command line.
pub(crate) fn name_and_pid(text: &str) -> Result<Watched, String> {
    let (name, pid) = text.split_once('=').ok_or("a name, `=` and a process id are wanted")?;
    let pid = pid.parse().map_err(|_| format!("`{pid}` is no process id"))?;
    if cpu_seconds(&format!("{pid}")).is_none() {
        return Err(format!("there is no process {pid} on this machine"));
    }
    Ok(Watched::new(name, pid))
}

/// Processor time that each has used since its start, in seconds; without those that have ended.
pub(crate) fn times(watched: &[Watched]) -> BTreeMap<String, f64> {
    let times = watched
        .iter()
        .filter_map(|watched| Some((watched.name.clone(), cpu_seconds(&watched.pid.to_string())?)));
    times.collect()
}

/// What each has used from `before` to now, in seconds.
pub(crate) fn since(before: &BTreeMap<String, f64>, watched: &[Watched]) -> BTreeMap<String, f64> {
    let mut now = times(watched);
    for (name, time) in &mut now {
        *time -= before.get(name).copied().unwrap_or_default();
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_named_and_has_to_be_there() {
        let own = std::process::id();
        let watched = name_and_pid(&format!("own={own}")).unwrap();
        assert_eq!(times(&[watched]).keys().collect::<Vec<_>>(), ["own"]);
        for wrong in ["own", "own=", "own=x", "own=4294967295"] {
            assert!(name_and_pid(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_used_before_does_not_count() {
        let watched = [Watched::new("own", std::process::id())];
        let before = times(&watched);
        let used = since(&before, &watched);
        assert!(used["own"] >= 0.0 && used["own"] <= times(&watched)["own"] - before["own"] + 1e-9);
    }
}
