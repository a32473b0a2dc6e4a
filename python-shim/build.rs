//! The linker's arguments for a Python module: on macOS, names that the interpreter brings stay open.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
