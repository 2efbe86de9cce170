-- Two values, element by element.
return function(op, made)
  made.header "nac_elementwise.h"
  made.config { n = op.size }
  made.call("nac::add<%s>(%s, %s, %s);", op.config, op.from[1], op.from[2], op.name)
end
