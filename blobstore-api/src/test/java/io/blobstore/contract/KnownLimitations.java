package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;
import org.opentest4j.TestAbortedException;

/**
 * Lists the tests of a class that a server is known to fail, each with the reason. They run nevertheless; a failure
 * skips the test with the reason. A test that is listed to fail always, and of which no invocation fails any more,
 * fails the class, so that the list gets shorter when a server learns something.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final KnownLimitations LIMITATIONS = new KnownLimitations("some-server")
 *         .fails("aTest", "the server ignores If-Match");
 * }</pre>
 */
public final class KnownLimitations implements InvocationInterceptor, BeforeAllCallback, AfterAllCallback {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(KnownLimitations.class);

    private final String server;
    private final Map<String, String> reasons = new TreeMap<>();
    private final Set<String> always = new TreeSet<>();
    private final Set<String> ran = new ConcurrentSkipListSet<>();
    private final Set<String> failed = new ConcurrentSkipListSet<>();

    /** Creates an empty list for a server. */
    public KnownLimitations(String server) {
        this.server = server;
    }

    /** Adds a test method of which at least one invocation fails in every run. */
    public KnownLimitations fails(String test, String reason) {
        always.add(test);
        return mayFail(test, reason);
    }

    /** Adds a test method that fails in some runs. */
    public KnownLimitations mayFail(String test, String reason) {
        reasons.put(test, reason);
        return this;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Set<String> methods =
                ReflectionSupport.findMethods(
                                context.getRequiredTestClass(), method -> true, HierarchyTraversalMode.TOP_DOWN)
                        .stream()
                        .map(Method::getName)
                        .collect(Collectors.toSet());
        assertThat(methods).as("tests of this class").containsAll(reasons.keySet());
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        run(invocation, method, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        run(invocation, method, context);
    }

    private void run(Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        String name = method.getExecutable().getName();
        if (!reasons.containsKey(name)) {
            invocation.proceed();
            return;
        }
        try {
            invocation.proceed();
            ran.add(name);
        } catch (TestAbortedException e) {
            throw e;
        } catch (Exception | AssertionError e) {
            ran.add(name);
            failed.add(name);
            context.getStore(NAMESPACE).put(NAMESPACE, name);
            throw new TestAbortedException(server + ": " + reasons.get(name), e);
        }
    }

    /** Ignores what a test that was known to fail has left behind. */
    @Override
    public void interceptAfterEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        try {
            invocation.proceed();
        } catch (AssertionError e) {
            if (context.getStore(NAMESPACE).get(NAMESPACE) == null) {
                throw e;
            }
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Set<String> passed = new TreeSet<>(always);
        passed.retainAll(ran);
        passed.removeAll(failed);
        assertThat(passed)
                .as("tests that %s passes; take them off its list", server)
                .isEmpty();
    }
}
