//! What is stored stays readable: golden bytes of every layout, round trips, refusals, and the size of an award.

mod access;
mod apps;
mod budgets;
mod fixtures;
mod golden;
mod integrations;
mod offers;
mod organisations;
mod parts;
mod profiles;
mod receipts;
mod refusals;
mod rewards;
mod round_trips;
mod sizes;
mod tokens;
mod users;
mod wallet;
