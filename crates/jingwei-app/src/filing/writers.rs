//! CSV and xlsx with the same rows. Equal rows give equal bytes.

use jingwei_core::{Date, Timestamp};
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use crate::Error;

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sheet {
    /// At most 31 characters, without `[]:*?/\`.
    pub name: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Widths of the columns, in characters.
    pub widths: Vec<u16>,
    /// A column whose cells take one of these words.
    pub choices: Option<(usize, Vec<String>)>,
}

/// Cells with commas between them, in UTF-8 with a byte order mark, without which spreadsheets take it for GBK.
pub(crate) fn csv(sheet: &Sheet) -> Vec<u8> {
    let mut text = String::from('\u{feff}');
    for row in std::iter::once(&sheet.header).chain(&sheet.rows) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// A cell that a spreadsheet would run as a formula gets an apostrophe before it; reading takes it off again.
fn quoted(cell: &str) -> String {
    let cell: String = cell.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell };
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// A workbook of sheets, dated by the caller.
pub(crate) fn xlsx(title: &str, sheets: &[Sheet], now: Timestamp) -> Result<Vec<u8>, Error> {
    let failed = |e: XlsxError| Error::failed("无法写出 xlsx", "cannot write an xlsx file").because(e);
    let mut book = Workbook::new();
    let properties =
        DocProperties::new().set_title(title).set_author("Jingwei").set_creation_datetime(&day(now.date()));
    book.set_properties(&properties);
    for sheet in sheets {
        fill(book.add_worksheet(), sheet).map_err(failed)?;
    }
    book.save_to_buffer().map_err(failed)
}

fn day(date: Date) -> ExcelDateTime {
    ExcelDateTime::parse_from_str(&date.to_string()).unwrap_or_default()
}

/// Most characters that a cell can hold.
const MAX_CELL: usize = 32_000;

fn fill(worksheet: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::VerticalCenter);
    let body = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    worksheet.set_name(&sheet.name)?;
    worksheet.set_freeze_panes(1, 0)?;
    for (column, width) in (0_u16..).zip(&sheet.widths) {
        worksheet.set_column_width(column, f64::from(*width))?;
    }
    for (column, cell) in (0_u16..).zip(&sheet.header) {
        worksheet.write_string_with_format(0, column, cell, &head)?;
    }
    for (line, row) in (1_u32..).zip(&sheet.rows) {
        for (column, cell) in (0_u16..).zip(row) {
            if !cell.is_empty() {
                let cell: String = cell.chars().filter(|c| !c.is_control() || *c == '\n').take(MAX_CELL).collect();
                worksheet.write_string_with_format(line, column, &cell, &body)?;
            }
        }
    }
    if let Some((column, words)) = &sheet.choices
        && let (Ok(column), Ok(last)) = (u16::try_from(*column), u32::try_from(sheet.rows.len()))
        && last > 0
    {
        let list = DataValidation::new()
            .allow_list_strings(words)?
            .set_error_title("请从列表中选择")?
            .set_error_message(words.join("、"))?;
        worksheet.add_data_validation(1, column, last, column, &list)?;
    }
    Ok(())
}
