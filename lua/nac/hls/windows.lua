--- Configurations of convolutions and pooling: the geometry that src/hls/nac_conv.h and nac_stream.h take.
local M = {}

local function copy(w, keys, fields)
  for key in keys:gmatch "%S+" do fields[key] = w[key] end
  fields.signed = true -- differences of indices occur
  return fields
end

--- All windows at once.
-- @param w the operation's window
-- @param fields further fields, to which the geometry is added
function M.whole(w, fields) return copy(w, "h w oh ow kh kw sh sw dh dw top left", fields) end

--- Windows of an image that arrives position by position: rows and columns of the image with its border, the
-- span of a window, where the last one ends.
function M.streamed(w, fields)
  fields.channels = nil
  fields.span_h, fields.span_w = (w.kh - 1) * w.dh + 1, (w.kw - 1) * w.dw + 1
  fields.last_row, fields.last_column = (w.oh - 1) * w.sh + fields.span_h, (w.ow - 1) * w.sw + fields.span_w
  fields.rows, fields.columns = math.max(w.top + w.h, fields.last_row), math.max(w.left + w.w, fields.last_column)
  return copy(w, "c h w kh kw sh sw dh dw top left", fields)
end

return M
