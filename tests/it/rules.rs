//! The rules table: what it decides, what it refuses, and that how it is written never matters.

mod agree;
mod cases;
mod cells;
mod conflicts;
mod convert;
mod covers;
mod damage;
mod decide;
mod diff;
mod encodings;
mod findings;
mod history;
mod hostile;
mod large;
mod office;
mod reference;
mod standing;
mod stories;
mod tidy;
mod ties;
mod workbook;
mod world;
