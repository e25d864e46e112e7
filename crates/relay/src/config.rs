//! What the relay is told when it starts: flags and environment, checked and made one [`Config`].
//!
//! Knows nothing of how any of it is used. A combination that would expose data by mistake is an error here, not a
//! warning later.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::auth::Secret;
use crate::limits::Limits;
use crate::logging::LogFormat;
use crate::origin::{AllowedOrigins, Origin};
use crate::pattern::DatabasePattern;

/// The flags of `eyot-relay serve`. Each can also be given as the environment variable that its help names.
#[derive(Args, Clone, Debug)]
pub struct ServeFlags {
    /// The address and port to listen at.
    #[arg(long, env = "EYOT_LISTEN", default_value = "127.0.0.1:4180", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// The folder that holds the data. Made if it is not there.
    #[arg(long, env = "EYOT_DATA", default_value = "eyot-data", value_name = "FOLDER")]
    pub data: PathBuf,

    /// The databases that may exist, by name or beginning: `notes,team-*`. Others are unknown.
    #[arg(long, env = "EYOT_DATABASES", default_value = "*", value_delimiter = ',', value_name = "PATTERNS")]
    pub databases: Vec<DatabasePattern>,

    /// The secret that tokens are signed with (HS256), at least 32 bytes. Prefer the file: flags are seen by all users
    /// of the machine.
    #[arg(long, env = "EYOT_JWT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub jwt_secret: Option<String>,

    /// The file that holds that secret. White space around it does not count.
    #[arg(long, env = "EYOT_JWT_SECRET_FILE", value_name = "FILE")]
    pub jwt_secret_file: Option<PathBuf>,

    /// Let everybody read and write everything, on this machine only: for development. This is what happens without a
    /// secret as well; the flag says that it is meant.
    #[arg(long, env = "EYOT_OPEN", value_parser = clap::builder::FalseyValueParser::new())]
    pub open: bool,

    /// The origins whose pages may connect: `https://app.example`. Without it all may, or with an open relay the pages
    /// that this machine serves.
    #[arg(
        long = "allowed-origins",
        env = "EYOT_ALLOWED_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGINS"
    )]
    pub allowed_origins: Vec<Origin>,

    /// A folder of files to serve besides, such as a built app.
    #[arg(long = "static", env = "EYOT_STATIC", value_name = "FOLDER")]
    pub static_files: Option<PathBuf>,

    /// For how many days deletions are remembered; 0 is for ever. A device that was away for longer compares its records
    /// with the relay's when it comes back, which costs it more than going on where it was.
    #[arg(long, env = "EYOT_KEEP_DELETIONS_DAYS", default_value_t = 30, value_name = "DAYS")]
    pub keep_deletions_days: u32,

    /// The form of the log.
    #[arg(long, env = "EYOT_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// What is logged: a level, or levels by part.
    #[arg(long, env = "EYOT_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,

    /// What one client can take.
    #[command(flatten, next_help_heading = "Limits")]
    pub limits: Limits,
}

/// The flags of `eyot-relay backup`.
#[derive(Args, Clone, Debug)]
pub struct BackupFlags {
    /// The folder that holds the data.
    #[arg(long, env = "EYOT_DATA", default_value = "eyot-data", value_name = "FOLDER")]
    pub data: PathBuf,

    /// The file to make. It must not be there yet.
    pub file: PathBuf,
}

/// The flags of `eyot-relay restore`.
#[derive(Args, Clone, Debug)]
pub struct RestoreFlags {
    /// The folder that holds the data. No relay may run on it.
    #[arg(long, env = "EYOT_DATA", default_value = "eyot-data", value_name = "FOLDER")]
    pub data: PathBuf,

    /// The backup. Without it, what is in the folder already is taken for one.
    pub file: Option<PathBuf>,
}

/// Who may do what.
#[derive(Clone, Debug)]
pub enum AccessMode {
    /// Everybody may do everything. Only ever at a loopback address.
    Open,
    /// What a token says that was signed with this secret.
    Tokens(Secret),
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. In [`AccessMode::Open`] this is a loopback address.
    pub listen: SocketAddr,
    /// The folder that holds the data.
    pub data: PathBuf,
    /// The databases that may exist.
    pub databases: Vec<DatabasePattern>,
    /// Who may do what.
    pub access: AccessMode,
    /// The pages that may connect.
    pub origins: AllowedOrigins,
    /// Files to serve besides.
    pub static_files: Option<PathBuf>,
    /// For how many days deletions are remembered; 0 is for ever.
    pub keep_deletions_days: u32,
    /// What one client can take.
    pub limits: Limits,
}

/// Why the relay does not start with what it was told.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Open, and reachable by others.
    #[error(
        "an open relay listens at a loopback address only, not at {0}: give --jwt-secret-file to listen there"
    )]
    OpenToOthers(SocketAddr),
    /// Two things that exclude each other.
    #[error("--open and a secret exclude each other: drop one of them")]
    OpenWithSecret,
    /// A secret and a file with one.
    #[error("--jwt-secret and --jwt-secret-file exclude each other: drop one of them")]
    TwoSecrets,
    /// The secret could be guessed.
    #[error("the secret has {0} bytes; an HS256 secret needs at least {minimum}", minimum = Secret::MINIMUM_BYTES)]
    ShortSecret(usize),
    /// The file with the secret cannot be read.
    #[error("the secret's file {path}: {source}", path = path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// What reading it said.
        source: std::io::Error,
    },
    /// A record that is taken could not be passed on.
    #[error("--record-bytes must not be larger than --message-bytes")]
    RecordOverMessage,
    /// A client would be given up before it was asked whether it is there.
    #[error("--idle-timeout-ms must be larger than --ping-interval-ms")]
    IdleBeforePing,
    /// The folder of files is not there.
    #[error("--static {}: not a folder", .0.display())]
    StaticFiles(PathBuf),
}

impl TryFrom<ServeFlags> for Config {
    type Error = ConfigError;

    fn try_from(flags: ServeFlags) -> Result<Self, ConfigError> {
        let access = match (read_secret(&flags)?, flags.open) {
            (Some(_), true) => return Err(ConfigError::OpenWithSecret),
            (Some(secret), false) => AccessMode::Tokens(secret),
            (None, _) if !flags.listen.ip().is_loopback() => {
                return Err(ConfigError::OpenToOthers(flags.listen));
            }
            (None, _) => AccessMode::Open,
        };
        check_limits(&flags.limits)?;
        if let Some(folder) = flags.static_files.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(ConfigError::StaticFiles(folder.clone()));
        }
        let origins = match (&access, flags.allowed_origins.is_empty()) {
            (_, false) => AllowedOrigins::Listed(flags.allowed_origins),
            (AccessMode::Open, true) => AllowedOrigins::Loopback,
            (AccessMode::Tokens(_), true) => AllowedOrigins::Any,
        };
        Ok(Self {
            listen: flags.listen,
            data: flags.data,
            databases: flags.databases,
            access,
            origins,
            static_files: flags.static_files,
            keep_deletions_days: flags.keep_deletions_days,
            limits: flags.limits,
        })
    }
}

fn check_limits(limits: &Limits) -> Result<(), ConfigError> {
    if limits.record_bytes > limits.message_bytes {
        return Err(ConfigError::RecordOverMessage);
    }
    if limits.idle_timeout_ms <= limits.ping_interval_ms {
        return Err(ConfigError::IdleBeforePing);
    }
    Ok(())
}

fn read_secret(flags: &ServeFlags) -> Result<Option<Secret>, ConfigError> {
    let text = match (&flags.jwt_secret, &flags.jwt_secret_file) {
        (Some(_), Some(_)) => return Err(ConfigError::TwoSecrets),
        (None, None) => return Ok(None),
        (Some(secret), None) => secret.clone(),
        (None, Some(path)) => std::fs::read_to_string(path)
            .map_err(|source| ConfigError::SecretFile { path: path.clone(), source })?
            .trim()
            .to_owned(),
    };
    let bytes = text.len();
    Secret::new(text).map(Some).ok_or(ConfigError::ShortSecret(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Relay {
        #[command(flatten)]
        flags: ServeFlags,
    }

    fn config(flags: &[&str]) -> Result<Config, ConfigError> {
        Relay::parse_from(std::iter::once(&"relay").chain(flags)).flags.try_into()
    }

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn without_flags_the_relay_is_open_on_this_machine() {
        let config = config(&[]).unwrap();
        assert!(matches!(config.access, AccessMode::Open));
        assert_eq!(config.listen.to_string(), "127.0.0.1:4180");
        assert_eq!(config.origins, AllowedOrigins::Loopback);
    }

    #[test]
    fn an_open_relay_refuses_to_listen_where_others_reach_it() {
        for flags in [
            &["--open", "--listen", "0.0.0.0:4180"][..],
            &["--listen", "[::]:4180"],
            &["--listen", "10.0.0.1:1"],
        ] {
            assert!(matches!(config(flags), Err(ConfigError::OpenToOthers(_))), "{flags:?}");
        }
        assert!(config(&["--open", "--listen", "[::1]:4180"]).is_ok());
    }

    #[test]
    fn with_a_secret_the_relay_may_listen_anywhere() {
        let config = config(&["--jwt-secret", SECRET, "--listen", "0.0.0.0:4180"]).unwrap();
        assert!(matches!(config.access, AccessMode::Tokens(_)));
        assert_eq!(config.origins, AllowedOrigins::Any);
    }

    #[test]
    fn what_excludes_each_other_or_is_too_weak_is_refused() {
        assert!(matches!(config(&["--open", "--jwt-secret", SECRET]), Err(ConfigError::OpenWithSecret)));
        assert!(matches!(config(&["--jwt-secret", "short"]), Err(ConfigError::ShortSecret(5))));
        assert!(matches!(
            config(&["--jwt-secret", SECRET, "--jwt-secret-file", "secret"]),
            Err(ConfigError::TwoSecrets)
        ));
        assert!(matches!(
            config(&["--jwt-secret-file", "no/such/file"]),
            Err(ConfigError::SecretFile { .. })
        ));
        assert!(matches!(config(&["--static", "no/such/folder"]), Err(ConfigError::StaticFiles(_))));
    }

    #[test]
    fn limits_that_contradict_each_other_are_refused() {
        assert!(matches!(config(&["--message-bytes", "1000"]), Err(ConfigError::RecordOverMessage)));
        assert!(matches!(config(&["--idle-timeout-ms", "30000"]), Err(ConfigError::IdleBeforePing)));
    }

    #[test]
    fn a_configuration_never_shows_its_secret() {
        let config = config(&["--jwt-secret", SECRET]).unwrap();
        assert!(!format!("{config:?}").contains(SECRET));
    }
}
