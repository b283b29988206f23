//! `socdeck`: a keyboard-driven console for security analysts: Arcanna decisions and feedback beside Darktrace devices,
//! tags and endpoints, in a terminal, over SSH. One async action queue drives one API layer.
//!
//! ```text
//! bytes ─ term ─▶ Event ─ keymap ─▶ command row ─▶ pane.run(&mut Cx) ─▶ Store::ask(operation)
//!                                                            │ Jobs::admit(slot, policy) → Ticket      pure
//!                                                            ▼
//!                           Wish::Run(Action { Call, Ticket })   taken by run.rs after each update
//! draw(&self, &Store) ◀─ Store ◀─ landing ◀─ Report ◀─ queue ─▶ Transport::send(Call)
//! ```
//!
//! | module | is | may import |
//! |---|---|---|
//! | [`api`] | operations, calls, transport, errors | itself |
//! | [`job`] | admission: tickets, policies, actions, reports; pure | `api` |
//! | [`queue`] | runs actions; the only module that spawns work | `api` `job` |
//! | [`ledger`] | who did what, when, and what was seen; hash-chained | itself |
//! | [`evidence`] | the basket of what was pinned; pure | itself |
//! | [`outbox`] | the one door for writes, kept in SQLite on its own thread | `api` `ledger` |
//! | [`views`] | views and searches a person keeps under a name; pure | itself |
//! | [`store`] | fetched data and where each answer lands | `api` `job` `outbox` |
//! | [`catalogue`] | the named commands of the manuals, sans I/O | `api` |
//! | [`command`], [`keymap`] | rows of the registry; chords | `api` `outbox` `store` / `command` |
//! | [`ui`] | drawing parts; the one place foreign text is made safe | itself |
//! | [`export`] | text for files and tickets, indicators | `ui` |
//! | [`panes`] | what is on the screen | `api` `command` `export` `job` `keymap` `outbox` `store` `ui` |
//! | [`app`] | the root state: `update`, `draw` | all of these but `queue` |
//! | [`term`] | the only room that touches the terminal | itself |
//! | [`run`] | the loop | `app` `queue` `term` `outbox` … |
//! | [`config`], [`cli`] | settings; the sub-commands | `cli`: everything |
//! | [`sim`] | the simulator: the other side of the wire | itself |

pub mod api;
pub mod app;
pub mod catalogue;
pub mod cli;
pub mod command;
pub mod config;
pub mod evidence;
pub mod export;
pub mod job;
pub mod keymap;
pub mod ledger;
pub mod outbox;
pub mod panes;
pub mod pins;
pub mod queue;
pub mod run;
pub mod sim;
pub mod store;
pub mod term;
pub mod ui;
pub mod views;
