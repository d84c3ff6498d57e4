//! What is said of it.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use im_repo::store::mysql::carry::{Compared, Progress, Side};
use std::io::{self, Write as _};

/// What there is, and how much of it was carried by an earlier call.
pub(super) fn plan(progress: &[Progress]) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_header(["table", "rows", "carried already"]);
    for Progress {
        table: name,
        carried,
        total,
    } in progress
    {
        table.add_row([(*name).to_owned(), total.to_string(), carried.to_string()]);
    }
    writeln!(io::stdout(), "{table}\nnothing was carried")
}

/// Each table on either side, and the first rows that differ.
pub(super) fn comparison(compared: &[Compared]) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "table",
        "rows",
        "checksum",
        "rows there",
        "checksum there",
        "rows that differ",
    ]);
    for found in compared {
        let [rows, checksum] = shown(found.source);
        let [rows_there, checksum_there] = shown(found.target);
        let name = found.table.to_owned();
        table.add_row([
            name,
            rows,
            checksum,
            rows_there,
            checksum_there,
            found.differing.to_string(),
        ]);
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{table}")?;
    for found in compared {
        for key in &found.first {
            writeln!(out, "{}: {key} differs", found.table)?;
        }
    }
    Ok(())
}

fn shown(side: Side) -> [String; 2] {
    [side.rows.to_string(), format!("{:08x}", side.checksum)]
}
