//! An outbox: the event goes into the database in the transaction of the row it is about, and from there to the bus.
//!
//! Either both are there or none is, whatever happens to the program or the bus in between. What a relay sends it
//! deletes once the bus has it; if it falls right before, the record is sent again, with the same id.

#![expect(clippy::print_stdout, reason = "an example shows what comes out")]

mod events {
    obs_runtime::include_events!();
}

use events::shop::OrderPlaced;
use obs_runtime::publish::Relay;
use obs_runtime::{OwnedRecord, Publisher, Setup};
use rusqlite::Connection;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let obs = Setup::new().with_origin("shop").init()?;
    let mut database = Connection::open_in_memory()?;
    database.execute_batch(
        "CREATE TABLE orders (id TEXT PRIMARY KEY, express INTEGER NOT NULL);
         CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL);",
    )?;

    let publisher = OrderPlaced::publisher(obs.bus());
    order(&mut database, &publisher, "order-1", true)?;
    order(&mut database, &publisher, "order-2", false)?;
    // The order is there already, so neither it nor its event is written.
    let twice = order(&mut database, &publisher, "order-1", false);
    assert!(twice.is_err(), "an order is there once");

    let relay = Relay::new(obs.bus()).with::<OrderPlaced>();
    let sent = forward(&database, &relay)?;
    assert_eq!(
        sent, 2,
        "the event of an order that was refused is not there"
    );
    println!("sent {sent} records");
    for record in obs.bus().drain() {
        println!(
            "{} {}",
            record.topic(),
            String::from_utf8_lossy(record.body().unwrap_or_default())
        );
    }
    println!("left to send: {}", forward(&database, &relay)?);
    Ok(())
}

/// Writes the order and its event, or neither.
fn order(
    database: &mut Connection,
    publisher: &Publisher<OrderPlaced>,
    id: &str,
    express: bool,
) -> Result<(), Box<dyn Error>> {
    let record = publisher.prepare(&OrderPlaced::new(id, express))?;
    let transaction = database.transaction()?;
    transaction.execute("INSERT INTO orders VALUES (?1, ?2)", (id, express))?;
    transaction.execute("INSERT INTO outbox (record) VALUES (?1)", [record.packed()])?;
    Ok(transaction.commit()?)
}

/// Sends what is in the outbox, the oldest first, and deletes what the bus has. It stops at the first that the bus
/// does not take, so that the order stays.
fn forward(database: &Connection, relay: &Relay) -> Result<usize, Box<dyn Error>> {
    let mut waiting = database.prepare("SELECT number, record FROM outbox ORDER BY number")?;
    let rows: Vec<(i64, Vec<u8>)> = waiting
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut sent = 0;
    for (number, bytes) in rows {
        let record = OwnedRecord::unpack(&bytes).ok_or("a row of the outbox is no record")?;
        relay.send_blocking(&record)?;
        database.execute("DELETE FROM outbox WHERE number = ?1", [number])?;
        sent += 1;
    }
    Ok(sent)
}
