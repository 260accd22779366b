package dev.ficus.control.cli;

import dev.ficus.control.Diagnosis;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.GroupName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "doctor",
    description = {
      "Looks for everything that would stop or cost the migration, before days of copying.",
      "It changes nothing and needs no control store. Exits with 2 if anything would stop it."
    })
final class DoctorCommand extends ControlCommand {

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "GROUP",
      description = "A group of the manifest; default: all.")
  private @Nullable String group;

  @Option(
      names = "--remove-leftovers",
      paramLabel = "NAME",
      split = ",",
      description =
          "Drop these slots and publications, each confirmed by its name; refused unless they are left over.")
  private List<String> leftovers = new ArrayList<>();

  @Override
  public Integer call() {
    Optional<GroupName> only =
        Optional.ofNullable(group).map(name -> known(group(name), manifest()));
    Diagnosis diagnosis =
        leftovers.isEmpty()
            ? Diagnosis.of(manifest(), only)
            : Diagnosis.afterRemoving(manifest(), only, actor(), leftovers);
    out().println(json() ? WatchJson.of(diagnosis) : DoctorText.of(diagnosis));
    out().flush();
    return diagnosis.stops() > 0 ? ErrorKind.GATE_REFUSED.exitCode() : 0;
  }
}
