//! jingwei-testkit
