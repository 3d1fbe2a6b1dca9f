package io.blobstore.internal.memory;

import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.provider.Arguments;

/** The mappers that this JVM supports, for tests that must hold for each. */
public final class Mappers {
    private Mappers() {}

    /** Returns the mappers, as arguments of a parameterised test. */
    public static Stream<Arguments> available() {
        return all().map(mapper -> Arguments.of(Named.of(mapper.name(), mapper)));
    }

    /** Returns the values of the system property that this JVM supports. */
    public static Stream<String> names() {
        return all().map(Mapper::name);
    }

    private static Stream<Mapper> all() {
        Stream<Mapper> everywhere = Stream.of(new GcMapper());
        return Stream.of(unsafe(), arena(), everywhere).flatMap(mappers -> mappers);
    }

    private static Stream<Mapper> unsafe() {
        try {
            return Stream.of(UnsafeMapper.create());
        } catch (ReflectiveOperationException | UnsupportedOperationException refused) {
            return Stream.empty();
        }
    }

    private static Stream<Mapper> arena() {
        try {
            return Stream.of(ArenaMapper.create());
        } catch (ReflectiveOperationException before22) {
            return Stream.empty();
        }
    }
}
