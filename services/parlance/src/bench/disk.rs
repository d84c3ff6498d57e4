//! How long the disk itself takes to sync: without it a latency says little.

use super::tally::Percentiles;
use hdrhistogram::Histogram;
use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

/// Appends 4 KiB and syncs, again and again for `span`, in a file of its own in `folder`.
pub(crate) fn measure(folder: &Path, span: Duration) -> anyhow::Result<Percentiles> {
    let mut file: File = tempfile::tempfile_in(folder)?;
    let mut histogram = Histogram::<u64>::new(3)?;
    let started = Instant::now();
    while started.elapsed() < span {
        file.write_all(&[7; 4096])?;
        let begun = Instant::now();
        file.sync_data()?;
        histogram.saturating_record(u64::try_from(begun.elapsed().as_micros())?.max(1));
    }
    Ok(Percentiles::of(&histogram))
}
