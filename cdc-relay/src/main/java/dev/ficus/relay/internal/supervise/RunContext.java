package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;

/**
 * What one run of a stream works with, whatever way it travels.
 *
 * @param leased the connection to the target that bears the lease
 */
record RunContext(
    Database source,
    Database target,
    Connection leased,
    StreamRow stream,
    RunnerConnections connections,
    RelaySettings settings,
    RelayMeters meters,
    FaultPoints faults) {}
