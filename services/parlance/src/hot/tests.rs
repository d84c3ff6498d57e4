use crate::{platform::Platform, settings::Settings};
use im_infra::telemetry::{self, Level, LogFormat};
use im_schema::rpc::{Identity, Rate};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Changes arrive within a second, of which a machine that is busy with other tests may make more.
const SOON: Duration = Duration::from_secs(10);

async fn becomes<T: PartialEq + std::fmt::Debug>(wanted: T, now: impl AsyncFn() -> T) {
    let since = Instant::now();
    while now().await != wanted {
        assert!(since.elapsed() < SOON, "{:?} and not {wanted:?}", now().await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_platform_takes_settings_and_keeps_the_last_good_one() {
    let folder = TempDir::new().unwrap();
    let overrides = [
        ("limits.send", "{ per_second = 1, burst = 2 }"),
        ("gateway.listen", "127.0.0.1:0"),
    ];
    let overrides = overrides.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut settings = Settings::load(None, &overrides).unwrap();
    settings.data = folder.path().into();
    let telemetry = telemetry::install(LogFormat::Human, &Level::default());
    let platform = Platform::start(settings, telemetry.metrics.clone()).await.unwrap();
    let registry = platform.registry();
    let set = async |key: &str, value: Option<&str>| registry.config_set(key, value.map(Into::into)).await.unwrap();
    let page = async || status(&platform, "/docs/events").await;
    let level = async || telemetry.level.get().to_string();

    assert_eq!((page().await, level().await), (200, "info".into()));
    set("gateway.pages", Some("false")).await;
    becomes(404, page).await;
    set("telemetry.level", Some("warn,im_logic=info")).await;
    becomes("warn,im_logic=info".into(), level).await;

    assert_eq!(burst(&platform), 2);
    set("limits.send", Some("{ per_second = 1, burst = 7 }")).await;
    becomes(7, async || burst(&platform)).await;

    set("telemetry.level", Some("loud")).await;
    set("gateway.pages", Some("perhaps")).await;
    set("limits.send", None).await;
    becomes(2, async || burst(&platform)).await;
    assert_eq!(
        (page().await, level().await),
        (404, "warn,im_logic=info".into()),
        "the last good ones"
    );
    let told = telemetry.metrics.render();
    assert!(told.contains("settings_refused{setting=\"gateway.pages\"} 1"), "{told}");

    set("gateway.pages", None).await;
    becomes(200, page).await;
    set("telemetry.level", None).await;
    becomes("info".into(), level).await;
    platform.stop().await.unwrap();
}

/// How many messages pass at once.
fn burst(platform: &Platform) -> usize {
    let passes = |_: &usize| platform.rates().take(Rate::Send, &Identity::Anonymous, None).is_ok();
    (0..20).filter(passes).count()
}

async fn status(platform: &Platform, path: &str) -> u16 {
    let mut connection = TcpStream::connect(platform.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer["HTTP/1.1 ".len()..][..3].parse().unwrap()
}
