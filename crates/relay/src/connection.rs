//! One connection, from the upgrade to the farewell. Knows the order of things; what is said is the conversation's
//! matter, and who may say it the admission's.

use std::sync::Arc;

use eyot_core::message::{Message, Refuse};
use eyot_core::session::Closing;

use crate::admission::admit;
use crate::conversation::Conversation;
use crate::refusal::{Code, close_number};
use crate::server::Shared;
use crate::socket::Socket;

/// How a connection ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The other side has closed, or is gone.
    Gone,
    /// The relay ends it.
    Refused(Code),
    /// The session has ended. If it was this side's, the refusal is among what waits to be sent.
    Closed(Closing),
}

/// Runs a connection to its end. `number` names it in the log; `name` is what the request called the database.
pub(crate) async fn run(shared: Arc<Shared>, number: u64, name: String, mut socket: Socket) {
    let ending = match admit(&shared, &name, &mut socket).await {
        Ok(admission) => {
            tracing::debug!(connection = number, database = %name, "admitted");
            let mut conversation = Box::new(Conversation::new(shared, admission, &mut socket));
            conversation.run().await
        }
        Err(ending) => ending,
    };
    // Whatever is not a database's name is the client's own text.
    let database = if name.parse::<eyot_core::DatabaseName>().is_ok() { name.as_str() } else { "?" };
    farewell(ending, number, database, socket).await;
}

async fn farewell(ending: Ending, connection: u64, database: &str, mut socket: Socket) {
    match ending {
        Ending::Gone => tracing::debug!(connection, database, "gone"),
        Ending::Refused(code) => {
            tracing::info!(connection, database, %code, "refused");
            let (message, retry_after_ms) = (code.message().to_owned(), code.retry_after_ms());
            let refuse = Refuse { code: code.as_str().to_owned(), message, retry_after_ms };
            socket.send(Message::Refuse(refuse).to_bytes());
            socket.close(close_number(code.as_str()), code.as_str()).await;
        }
        Ending::Closed(closing) if closing.by_peer => {
            tracing::info!(connection, database, code = ?closing.code, "refused by the peer");
            socket.close(1000, "").await;
        }
        Ending::Closed(closing) => {
            tracing::info!(connection, database, code = %closing.code, "refused");
            socket.close(close_number(&closing.code), &closing.code).await;
        }
    }
}
