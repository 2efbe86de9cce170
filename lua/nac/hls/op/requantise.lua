-- Rounding and overflow, as the type of the result says; formats that differ are written out.
return function(op, made)
  if #op.formats == 1 then
    made.header "nac_elementwise.h"
    made.config { n = op.size }
    made.call("nac::requantise<%s>(%s, %s);", op.config, op.from[1], op.name)
    return
  end
  for e = 0, op.size - 1 do
    local format = tostring(op.formats[e // op.format_inner % #op.formats + 1])
    made.call("%s[%d] = %s(%s[%d]);", op.name, e, format:gsub(",", ", "), op.from[1], e)
  end
end
