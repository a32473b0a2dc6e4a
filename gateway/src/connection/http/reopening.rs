//! Sessions that their server has forgotten, and says 404 to: the server is reported up once more, so that it is introduced
//! anew, and what it refused is sent again behind that: once, as it was not handled.

use super::super::News;
use super::message::{Message, What};
use super::{Visit, post};

impl Visit {
    /// The session is open: the server's own stream can be read, and what waited can be sent.
    pub(super) async fn opened(&mut self) {
        if self.older.is_none() {
            let link = self.link.clone();
            let task = self.tasks.spawn(async { (None, post::listen(link).await) });
            if let Some(before) = self.listening.replace(task) {
                before.abort();
            }
        }
        for mut message in self.reopening.take().unwrap_or_default() {
            message.repeated = true;
            self.send(message).await;
        }
    }

    /// `initialize` has been answered. Where that was a refusal, nothing will open the session that others wait for.
    pub(super) async fn introduced(&mut self) {
        if self.link.session().is_open() {
            return;
        }
        for message in self.reopening.take().unwrap_or_default() {
            self.refuse(&message, "it has forgotten the session, and refuses to open another one").await;
        }
    }

    /// The server has forgotten the session, and so refused a message, or ended its own stream.
    ///
    /// # Errors
    /// Where it does so over and over.
    pub(super) async fn expired(&mut self, message: Option<Message>, generation: u64) -> Result<(), String> {
        let is_current = self.reopening.is_none() && self.link.session().generation == generation;
        if is_current {
            self.reopen().await?;
        }
        match message {
            Some(message) if message.repeated => {
                self.refuse(&message, "it has forgotten the session twice").await;
            }
            Some(mut message) if matches!(message.what, What::Request { .. }) => {
                match &mut self.reopening {
                    Some(waiting) => waiting.push(message),
                    // Another request has had the session opened anew in the meantime.
                    None => {
                        message.repeated = true;
                        self.send(message).await;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Has the server introduced again.
    async fn reopen(&mut self) -> Result<(), String> {
        let served = self.link.session().served;
        self.barren = if served { 0 } else { self.barren + 1 };
        if self.barren > 1 {
            return Err("it forgets its sessions as soon as it has opened them".to_owned());
        }
        tracing::info!(server = self.link.contact.name, "it has forgotten the session; opening another one");
        self.link.forget_session();
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
        self.reopening = Some(Vec::new());
        self.link.contact.tell(News::Up(self.outbox.clone())).await;
        Ok(())
    }

    async fn refuse(&self, message: &Message, reason: &str) {
        if let What::Request { id, .. } = message.what {
            self.link.fail(id, reason).await;
        }
    }
}
