//! jingwei-api
