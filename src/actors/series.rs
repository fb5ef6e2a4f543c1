//! Several commands to one entity, one after the other, without waiting in between for each to be durable.
//!
//! They are decided in their order, and their records handed over in it, so what is durable of a series is a beginning of it.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::envelope::{Caller, CommandEnvelope, Message, Reply, Unavailable};
use super::router::Router;
use super::shard::Shard;
use crate::domain::address::Address;
use crate::domain::context::TenantView;
use crate::domain::entity::{Command, Remember};

impl Router {
    /// Asks an entity for several changes in a row; the answers, in that order. The first that has no answer of the business ends the
    /// series: those after it are [`Unavailable::Untried`], or of unknown outcome where the node failed meanwhile.
    pub async fn series(
        &self,
        address: Address,
        commands: Vec<(Command, Option<Remember>)>,
        tenant: &Arc<TenantView>,
    ) -> Vec<Reply> {
        let mut answers = Vec::with_capacity(commands.len());
        let mut series = Vec::with_capacity(commands.len());
        let mut refused = self.is_draining().then_some(Unavailable::Draining.into());
        let mut shard = None;
        for (command, remember) in commands {
            if refused.is_none() {
                match self.let_in(address, Shard::admit).await {
                    Ok((of, permit, _)) => {
                        shard = Some(of);
                        let (reply, answer) = oneshot::channel();
                        let caller = Caller {
                            reply,
                            sent_at: Instant::now(),
                            permit,
                        };
                        series.push(CommandEnvelope {
                            command,
                            remember,
                            tenant: Some(Arc::clone(tenant)),
                            caller,
                            borrowed: None,
                        });
                        answers.push(Ok(answer));
                        continue;
                    }
                    Err(failure) => refused = Some(failure),
                }
            }
            // The first says why; the rest was not tried.
            let failure = refused.replace(Unavailable::Untried.into());
            let failure = failure.unwrap_or(Unavailable::Untried.into());
            answers.push(Err(Reply::failed(failure)));
        }
        if let Some(shard) = shard {
            self.deliver(shard, address, Message::Series(series));
        }
        let mut replies = Vec::with_capacity(answers.len());
        for answer in answers {
            replies.push(match answer {
                // The actor ended with the message in its mailbox.
                Ok(answer) => {
                    let reply = answer
                        .await
                        .unwrap_or_else(|_| Reply::failed(Unavailable::UnknownOutcome));
                    self.open_texts(&address, reply)
                }
                Err(reply) => reply,
            });
        }
        replies
    }
}
