//! What the embedded log costs: records per second, CPU per record and latency by batch size, beside the disk's own sync.
//!
//! `cargo run --release -p im-infra --example log_bench [folder]`

use bytes::Bytes;
use im_infra::clock::SystemClock;
use im_infra::log::embedded::{EmbeddedLog, EmbeddedLogOptions};
use im_infra::log::{Append, Durability, Log, TopicSpec};
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PARTITIONS: u32 = 8;
const RECORD_BYTES: usize = 200;
const SECONDS: u64 = 3;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("log_bench.data"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let mut out = std::io::stdout();
    let mut syncs = syncs_of(&folder.join("plain"))?;
    writeln!(
        out,
        "fdatasync of 25 KB more, alone: p50 {:.3} ms, p99 {:.3} ms",
        at(&mut syncs, 50),
        at(&mut syncs, 99)
    )?;
    writeln!(
        out,
        "{RECORD_BYTES} B records, {PARTITIONS} partitions, {SECONDS} s each; one consumer group reads along\n"
    )?;
    writeln!(
        out,
        "appenders  batch   records/s  us CPU/record   ack p50 ms   ack p99 ms  read along"
    )?;
    for (appenders, batch) in [(1, 1), (16, 1), (1, 100), (4, 100), (1, 500), (4, 500)] {
        let row = run(&folder, appenders, batch).await?;
        writeln!(out, "{row}")?;
    }
    let started = Instant::now();
    let log = EmbeddedLog::open(folder.join("log"), EmbeddedLogOptions::new(SystemClock::shared()))?;
    let bytes: u64 = std::fs::read_dir(folder.join("log"))?
        .filter_map(|file| file.ok()?.metadata().ok())
        .map(|it| it.len())
        .sum();
    writeln!(
        out,
        "\nopened {} MB in {:.1} ms",
        bytes / 1_000_000,
        started.elapsed().as_secs_f64() * 1e3
    )?;
    log.close().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

async fn run(folder: &Path, appenders: u64, batch: u64) -> Result<String, Box<dyn Error>> {
    let log = EmbeddedLog::open(folder.join("log"), EmbeddedLogOptions::new(SystemClock::shared()))?;
    let topic: Arc<str> = format!("bench-{appenders}-{batch}").into();
    let spec = TopicSpec {
        name: Arc::clone(&topic),
        partitions: PARTITIONS,
        retention_ms: 3_600_000,
        durability: Durability::Disk,
    };
    log.create_topic(&spec).await?;
    let reading = tokio::spawn(read_along(log.clone(), Arc::clone(&topic)));
    let payload = Bytes::from(vec![7; RECORD_BYTES]);
    let (cpu, started) = (cpu_seconds(), Instant::now());
    let mut tasks = Vec::new();
    for appender in 0..appenders {
        let (log, topic, payload) = (log.clone(), Arc::clone(&topic), payload.clone());
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < Duration::from_secs(SECONDS) {
                let records = (0..batch).map(|at| {
                    let partition = ((appender + at) % u64::from(PARTITIONS)) as u32;
                    Append {
                        topic: Arc::clone(&topic),
                        partition,
                        payload: payload.clone(),
                    }
                });
                let begun = Instant::now();
                log.append(records.collect()).await.expect("the disk works");
                latencies.push(begun.elapsed());
            }
            latencies
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await?);
    }
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let records = latencies.len() as f64 * batch as f64;
    log.close().await;
    let read = reading.await?;
    Ok(format!(
        "{appenders:9}  {batch:5}  {:10.0}  {:13.2}  {:11.3}  {:11.3}  {read:10}",
        records / seconds,
        cpu / records * 1e6,
        at(&mut latencies, 50),
        at(&mut latencies, 99),
    ))
}

/// Consumes and commits everything; answers how many records that was.
async fn read_along(log: EmbeddedLog, topic: Arc<str>) -> u64 {
    let mut member = log.subscribe(&topic, "bench").await.expect("the topic is there");
    drop(log);
    let mut streams = tokio::task::JoinSet::new();
    while let Some(mut stream) = member.assigned().await {
        streams.spawn(async move {
            let mut count = 0;
            while let Some(records) = stream.next(1 << 20).await.expect("the log can be read") {
                count += records.len() as u64;
                stream
                    .commit(records.last().map_or(0, |record| record.offset + 1))
                    .await
                    .expect("it is committed");
            }
            count
        });
    }
    streams.join_all().await.into_iter().sum()
}

fn syncs_of(file: &Path) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(file)?;
    let mut times = Vec::new();
    for _ in 0..1_000 {
        file.write_all(&[7; 25_000])?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    Ok(times)
}

/// The percentile in milliseconds.
fn at(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() * percent / 100)
        .map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// Seconds of CPU that this process has used.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}
