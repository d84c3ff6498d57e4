//! What a process uses of the machine, as `/proc` tells it.

use std::{fmt::Write, fs, path::Path};

/// One look at a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Memory that is in use, in bytes.
    pub resident_bytes: u64,
    /// Processor time since its start, in seconds, of all its threads in user and system mode.
    pub cpu_seconds: f64,
    /// Open file descriptors.
    pub open_files: u64,
    /// Threads.
    pub threads: u64,
}

impl Usage {
    /// This process; `None` where there is no `/proc`.
    #[must_use]
    pub fn of_self() -> Option<Self> {
        Self::read(Path::new("/proc/self"))
    }

    /// Another process of the same user; `None` once it is gone.
    #[must_use]
    pub fn of(process_id: u32) -> Option<Self> {
        Self::read(Path::new(&format!("/proc/{process_id}")))
    }

    fn read(folder: &Path) -> Option<Self> {
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        // The name before the last bracket may hold anything, spaces and brackets too.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
        // As proc(5) numbers them, where the field behind the name is the third.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let (user, system, threads, pages) = (field(14)?, field(15)?, field(20)?, field(24)?);
        Some(Self {
            resident_bytes: pages * rustix::param::page_size() as u64,
            cpu_seconds: (user + system) as f64 / rustix::param::clock_ticks_per_second() as f64,
            open_files: fs::read_dir(folder.join("fd")).ok()?.count() as u64,
            threads,
        })
    }

    pub(super) fn render(&self, page: &mut String) {
        let lines = [
            ("process_resident_memory_bytes", "gauge", self.resident_bytes as f64),
            ("process_cpu_seconds_total", "counter", self.cpu_seconds),
            ("process_open_fds", "gauge", self.open_files as f64),
            ("process_threads", "gauge", self.threads as f64),
        ];
        for (name, kind, value) in lines {
            writeln!(page, "# TYPE {name} {kind}\n{name} {value}").expect("a string takes everything");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_something() {
        let usage = Usage::of_self().unwrap();
        assert!(
            usage.resident_bytes > 1 << 20 && usage.threads > 0 && usage.open_files > 2,
            "{usage:?}"
        );
        let same = Usage::of(std::process::id()).unwrap();
        assert!(same.cpu_seconds >= usage.cpu_seconds);
        assert_eq!(Usage::of(u32::MAX), None);
        let mut page = String::new();
        usage.render(&mut page);
        assert!(
            page.starts_with("# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes "),
            "{page}"
        );
    }
}
