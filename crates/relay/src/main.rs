//! The program `eyot-relay`: reads its flags, starts the relay, ends when it is told to.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use eyot_relay::store::StoreError;
use eyot_relay::store::sqlite::backup;
use eyot_relay::{BackupFlags, Config, Relay, RestoreFlags, ServeFlags, logging};
use tokio_util::sync::CancellationToken;

/// The relay of Eyot: an always-on replica that stores and forwards, and writes nothing itself.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the relay. Without flags: open to everybody on this machine, data in ./eyot-data.
    Serve(Box<ServeFlags>),
    /// Copy all databases into a file. The relay may run meanwhile.
    Backup(BackupFlags),
    /// Put a backup in the place of what the relay has, which is moved aside. The relay must not run.
    Restore(RestoreFlags),
}

fn main() -> ExitCode {
    match Program::parse().command {
        Command::Serve(flags) => {
            logging::start(flags.log_format, &flags.log);
            serve(*flags).map_or_else(
                |error| {
                    tracing::error!(%error, "the relay has ended");
                    ExitCode::FAILURE
                },
                |()| ExitCode::SUCCESS,
            )
        }
        Command::Backup(flags) => {
            let done = backup::back_up(&flags.data, &flags.file);
            say(done.map(|()| format!("backed up to {}", flags.file.display())))
        }
        Command::Restore(flags) => {
            let done = backup::restore(&flags.data, flags.file.as_deref());
            say(done.map(|databases| {
                format!("{databases} databases are as they were; their logs have new epochs")
            }))
        }
    }
}

fn say(done: Result<String, StoreError>) -> ExitCode {
    match done {
        Ok(message) => {
            println!("{message}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(flags: ServeFlags) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::try_from(flags)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let relay = Relay::bind(config).await?;
        tokio::spawn(cancel_on_signal(stop.clone()));
        relay.run(stop).await?;
        Ok(())
    })
}

async fn cancel_on_signal(stop: CancellationToken) {
    if let Err(error) = signalled().await {
        tracing::error!(%error, "signals cannot be heard; the relay can only be killed");
        return;
    }
    stop.cancel();
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        result = tokio::signal::ctrl_c() => result,
    }
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
