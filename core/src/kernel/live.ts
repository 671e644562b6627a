/** A value that hot loading replaces as a whole; whoever needs it takes it anew for each call. */
export interface Live<Value> {
  current: Value;
}
