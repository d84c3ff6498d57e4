//! Who is chatting: logging in, and a session that is kept between runs.

use anyhow::{Context as _, bail};
use im_infra::tls::Address;
use im_schema::{
    ids::UserId,
    parlance::Reason,
    rpc::Context,
    services::{AuthServiceClient, auth_service},
    v1,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, IsTerminal as _, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// What is kept between runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    device_id: String,
    refresh_token: String,
}

/// A user who is logged in.
pub(crate) struct Account {
    pub(crate) url: String,
    pub(crate) user: UserId,
    pub(crate) name: String,
    auth: AuthServiceClient,
    tokens: v1::Tokens,
    /// Held and locked while this process uses the session: a refresh token works once, so two processes must not share it.
    file: File,
    device_id: String,
}

impl Account {
    /// Takes up the kept session of this user, or logs in, or registers.
    pub(crate) async fn open(
        url: &str,
        user: Option<String>,
        password_file: Option<&Path>,
        register: bool,
    ) -> anyhow::Result<Self> {
        let channel = Address::parse(url)?.channel().await;
        let channel = channel.with_context(|| format!("no server at {url} (is `parlance dev` running?)"))?;
        let auth = AuthServiceClient::from_service(auth_service::remote(channel));
        let name = match user {
            Some(name) => name,
            None => ask("user name: ")?,
        };
        let (mut file, device_id) = keep(url, &name)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let kept: Option<Kept> = serde_json::from_str(&text).ok();
        let device_id = kept.as_ref().map_or(device_id, |kept| kept.device_id.clone());
        let refreshed = match &kept {
            Some(kept) => auth
                .refresh(
                    Context::default(),
                    v1::RefreshRequest {
                        refresh_token: kept.refresh_token.clone(),
                        ..Default::default()
                    },
                )
                .await
                .ok(),
            None => None,
        };
        let (user, name, tokens) = match refreshed.and_then(|answer| answer.tokens) {
            Some(tokens) => (user_of(&tokens.access_token)?, name, tokens),
            None => log_in(&auth, name, &device_id, password_file, register).await?,
        };
        let mut account = Self {
            url: url.to_owned(),
            user,
            name,
            auth,
            tokens,
            file,
            device_id,
        };
        account.save()?;
        Ok(account)
    }

    /// A user who has just logged in; the session is kept in `file`.
    #[cfg(test)]
    pub(crate) fn new(url: &str, user: v1::User, auth: AuthServiceClient, tokens: v1::Tokens, file: File) -> Self {
        Self {
            url: url.to_owned(),
            user: user.user(),
            name: user.name,
            auth,
            tokens,
            file,
            device_id: "test".to_owned(),
        }
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        &self.tokens.access_token
    }

    /// How long until the access token should be replaced: at nine tenths of its life.
    pub(crate) fn refresh_in(&self, now_ms: u64) -> Duration {
        let ends = self
            .tokens
            .access_expires_at
            .as_ref()
            .map_or(now_ms, im_schema::wkt::Timestamp::millis);
        Duration::from_millis(ends.saturating_sub(now_ms)).mul_f64(0.9)
    }

    /// Gets new tokens.
    pub(crate) async fn refresh(&mut self) -> anyhow::Result<()> {
        let request = v1::RefreshRequest {
            refresh_token: self.tokens.refresh_token.clone(),
            ..Default::default()
        };
        let answer = self.auth.refresh(Context::default(), request).await?;
        self.tokens = answer.tokens.context("an answer without tokens")?;
        self.save()
    }

    fn save(&mut self) -> anyhow::Result<()> {
        let kept = Kept {
            device_id: self.device_id.clone(),
            refresh_token: self.tokens.refresh_token.clone(),
        };
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&serde_json::to_vec(&kept)?)?;
        Ok(self.file.sync_data()?)
    }
}

async fn log_in(
    auth: &AuthServiceClient,
    name: String,
    device_id: &str,
    password_file: Option<&Path>,
    register: bool,
) -> anyhow::Result<(UserId, String, v1::Tokens)> {
    let password = match password_file {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("read {}", file.display()))?
            .trim_end()
            .to_owned(),
        None => ask_secret(&format!("password of {name}: "))?,
    };
    let request = v1::LogInRequest {
        name: name.clone(),
        password: password.clone(),
        device_id: device_id.to_owned(),
        ..Default::default()
    };
    let (user, tokens) = match auth.log_in(Context::default(), request).await {
        Ok(answer) => (answer.user, answer.tokens),
        Err(failure) if failure.reason() == Reason::WrongCredentials && may_register(&name, register)? => {
            let request = v1::RegisterRequest {
                name: name.clone(),
                password,
                device_id: device_id.to_owned(),
                ..Default::default()
            };
            let answer = auth.register(Context::default(), request).await?;
            (answer.user, answer.tokens)
        }
        Err(failure) => return Err(failure.into()),
    };
    let (Some(user), Some(tokens)) = (user, tokens) else {
        bail!("an answer without user or tokens")
    };
    Ok((user.user(), user.name, tokens))
}

fn may_register(name: &str, register: bool) -> anyhow::Result<bool> {
    if register || !io::stdin().is_terminal() {
        return Ok(register);
    }
    Ok(ask(&format!(
        "no such user, or a wrong password. Register {name} with it? [y/N] "
    ))?
    .eq_ignore_ascii_case("y"))
}

/// Opens and locks the file of this user's session; a second process of the same user gets a device and a file of its own.
fn keep(url: &str, name: &str) -> anyhow::Result<(File, String)> {
    let folder = std::env::home_dir()
        .unwrap_or_else(std::env::temp_dir)
        .join(".parlance");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let server: String = url
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    for number in 1..=20 {
        let path: PathBuf = folder.join(format!("{server}.{}.{number}.json", name.to_lowercase()));
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = opened.with_context(|| format!("open {}", path.display()))?;
        if file.try_lock().is_ok() {
            return Ok((file, format!("terminal-{number}-{:08x}", rand::random::<u32>())));
        }
    }
    bail!("{name} is chatting in 20 terminals already")
}

/// The user whom an access token is for. Only the server can tell whether it is genuine, and it does so at every use.
fn user_of(token: &str) -> anyhow::Result<UserId> {
    use base64::Engine as _;
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    let payload = token.split('.').nth(1).context("the access token has no payload")?;
    let claims: Claims = serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload)?)?;
    Ok(UserId(claims.sub.parse()?))
}

fn ask(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        bail!("nobody answers at the standard input");
    }
    Ok(line.trim().to_owned())
}

/// Reads a line without showing it.
fn ask_secret(question: &str) -> anyhow::Result<String> {
    use crossterm::{
        event::{Event, KeyCode, KeyEventKind, KeyModifiers, read},
        terminal::{disable_raw_mode, enable_raw_mode},
    };
    if !io::stdin().is_terminal() {
        return ask(question);
    }
    eprint!("{question}");
    enable_raw_mode()?;
    let mut secret = String::new();
    let answer = loop {
        match read() {
            Ok(Event::Key(key)) if key.kind == KeyEventKind::Press => match key.code {
                KeyCode::Enter => break Ok(secret),
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    break Err(anyhow::anyhow!("given up"));
                }
                KeyCode::Char(c) => secret.push(c),
                KeyCode::Backspace => {
                    secret.pop();
                }
                _ => {}
            },
            Ok(_) => {}
            Err(error) => break Err(error.into()),
        }
    };
    disable_raw_mode()?;
    eprintln!();
    answer
}
