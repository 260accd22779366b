package dev.ficus.benchmarks;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;

/** Table after table through one pipe of binary COPY, then the indexes: what a script would do. */
final class RawPipeProcess {

  private RawPipeProcess() {}

  public static void main(String[] arguments) throws IOException, SQLException {
    ContenderArguments databases = ContenderArguments.of(arguments);
    System.out.println("ready");
    if (System.in.read() < 0) {
      return;
    }
    try (Connection source = databases.source().connect("benchmark");
        Connection target = databases.target().connect("benchmark")) {
      CopyTables.execute(target, CopyTables.TABLES_DDL);
      for (String table : new String[] {"public.orders", "public.items"}) {
        pipe(source, target, table);
      }
      for (String ddl : CopyTables.INDEXES_DDL) {
        CopyTables.execute(target, ddl);
      }
    }
    System.out.println("done");
  }

  private static void pipe(Connection source, Connection target, String table) throws SQLException {
    CopyOut out =
        source
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyOut("copy " + table + " to stdout (format binary)");
    CopyIn in =
        target
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("copy " + table + " from stdin (format binary)");
    for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
      in.writeToCopy(row, 0, row.length);
    }
    in.endCopy();
  }
}
