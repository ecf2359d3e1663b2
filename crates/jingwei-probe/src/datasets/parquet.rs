//! Parquet files with flat columns, plain or packed with Snappy or gzip.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use jingwei_core::Limits;
use parquet::{
    errors::ParquetError,
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
    record::Field,
    schema::types::Type,
};

use super::{
    BadDataset,
    table::{Cell, Container, Row, Table, too_many_rows},
};

/// First and last four bytes of a file.
pub(super) const MAGIC: &[u8] = b"PAR1";

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Table, BadDataset> {
    if !bytes.starts_with(MAGIC) || !bytes.ends_with(MAGIC) || bytes.len() < 12 {
        return Err(BadDataset::new(
            "Parquet 文件不完整：缺少首尾标记",
            "the Parquet file is cut off or is none: its marks are missing",
        ));
    }
    // The decoder belongs to others; what it does not expect must not end the program.
    let read = catch_unwind(AssertUnwindSafe(|| rows(bytes, limits)));
    read.unwrap_or_else(|_| Err(broken("the decoder gave up")))
}

fn broken(detail: impl std::fmt::Display) -> BadDataset {
    BadDataset::new(
        format!("无法读取 Parquet 文件：{detail}；可另存为不压缩或 Snappy 压缩的 Parquet，或 CSV"),
        format!("the Parquet file cannot be read: {detail}; save it uncompressed or with Snappy, or as CSV"),
    )
}

fn rows(bytes: &[u8], limits: &Limits) -> Result<Table, BadDataset> {
    let wrong = |e: ParquetError| broken(e);
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(bytes)).map_err(wrong)?;
    let metadata = reader.metadata();
    let declared = metadata.file_metadata().num_rows();
    if u64::try_from(declared).map_or(true, |rows| rows > limits.entries) {
        return Err(too_many_rows(limits));
    }
    let expanded: i64 =
        metadata.row_groups().iter().map(|group| group.total_byte_size().max(0)).fold(0, i64::saturating_add);
    if u64::try_from(expanded).map_or(true, |size| size > limits.header_bytes) {
        let most = limits.header_bytes;
        return Err(BadDataset::new(
            format!("解开后超过 {most} 字节（上限 header_bytes）：请拆分文件"),
            format!("more than {most} bytes when unpacked (limit header_bytes): split the file"),
        ));
    }
    let schema = metadata.file_metadata().schema();
    let fields = schema.get_fields();
    let mut table = Table::new(Container::Parquet);
    table.columns = fields.iter().map(|field| field.name().to_owned()).collect();
    table.check_columns()?;
    let flat: Vec<(usize, Arc<Type>)> =
        fields.iter().cloned().enumerate().filter(|(_, field)| field.is_primitive()).collect();
    let nested: Vec<usize> =
        fields.iter().enumerate().filter(|(_, field)| !field.is_primitive()).map(|(at, _)| at).collect();
    if flat.is_empty() {
        return Ok(table);
    }
    let wanted = flat.iter().map(|(_, field)| Arc::clone(field)).collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(wanted).build().map_err(wrong)?;
    for (index, row) in reader.get_row_iter(Some(projection)).map_err(wrong)?.enumerate() {
        let row = row.map_err(wrong)?;
        let values = row.get_column_iter().zip(&flat);
        let mut cells: Vec<(usize, Cell)> =
            values.filter_map(|((_, field), (at, _))| Some((*at, Cell::Text(text_of(field)?)))).collect();
        cells.extend(nested.iter().map(|at| (*at, Cell::Nested)));
        table.add(Row::new(index as u64 + 1, cells), limits)?;
    }
    Ok(table)
}

fn text_of(field: &Field) -> Option<String> {
    match field {
        Field::Null => None,
        Field::Str(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Field::Bytes(bytes) => Some(String::from_utf8_lossy(bytes.data()).into_owned()),
        other => Some(other.to_string()),
    }
}
