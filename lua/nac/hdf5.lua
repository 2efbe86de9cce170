--- HDF5 files, read through the system's HDF5 library (Debian: libhdf5-103-1), in a
-- process of its own: what a damaged file does to the library is a message here.
local c = require "nac.c.hdf5"

local M = {}

--- The datasets of a file.
-- @function names
-- @param path string
-- @return list of paths without the first slash ("group/data"); or nil and a message
M.names = c.names

--- Shape and type of a dataset.
-- @function look
-- @param path string
-- @param name path of the dataset in the file
-- @return list of dimensions and the type that `read` gives; or nil and a message
M.look = c.look

--- Reads a dataset, or some rows of it. Floats become f32 (f64 where they have more
-- than four bytes), u8 and booleans u8, other integers i32 (refused where a value does
-- not fit).
-- @function read
-- @param path string
-- @param name path of the dataset in the file
-- @param[opt=1] first row
-- @param[opt] count of rows, by default all that follow
-- @return tensor; or nil and a message
M.read = c.read

return M
