//! Exports: the whole database as bytes.
//!
//! All records are needed for it at once, in memory too: the bytes have all of them.

use std::rc::Rc;

use eyot_core::Export;
use eyot_core::engine::{EngineInput, Ticket, Wanted};
use gloo_timers::future::TimeoutFuture;

use crate::driver::{Answer, Driver};
use crate::errors::ShellError;

impl Driver {
    /// What is committed, as bytes.
    pub(crate) async fn export(self: &Rc<Self>) -> Result<Vec<u8>, ShellError> {
        loop {
            let answer = self.request(|ticket| {
                self.exports.borrow_mut().push(ticket);
                EngineInput::Fetch { ticket, wanted: Wanted::All }
            });
            if let Answer::Exported(bytes) = answer.await.map_err(|_| ShellError::closed())?? {
                return Ok(bytes);
            }
            // What is becoming visible is exported as a whole.
            TimeoutFuture::new(1).await;
        }
    }

    /// What was fetched is in memory just now, and perhaps not any more when whoever asked for it has its turn. An export
    /// would come too late then, again and again.
    pub(crate) fn fetched(&self, ticket: Ticket) {
        let place = self.exports.borrow().iter().position(|export| *export == ticket);
        let is_export = place.map(|place| self.exports.borrow_mut().swap_remove(place)).is_some();
        let answer = match is_export && !self.engine().is_folding() {
            true => Answer::Exported(Export::of(self.engine().replica()).to_bytes()),
            false => Answer::Awaited,
        };
        self.answer(ticket, Ok(answer));
    }
}
