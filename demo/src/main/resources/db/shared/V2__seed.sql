-- ${users} users and about ten more rows for each: the same rows every time, by arithmetic alone.

insert into users (id, email, name, attributes, created_at, updated_at)
select i, 'user' || i || '@ficus.example',
    (array['Ada', 'Bo', 'Chidi', 'Dora', 'Emre', 'Fay', 'Goran', 'Hana', 'Ivo', 'Jún', 'Kai', 'Lena', 'Mæve', 'Nils', 'Ola', 'Pía'])[1 + i % 16]
        || ' ' ||
    (array['Abel', 'Berg', 'Cruz', 'Diaz', 'Engel', 'Fox', 'Grün', 'Holm', 'Ito', 'Jansen', 'Klein', 'Lund', 'Moss'])[1 + i / 16 % 13],
    jsonb_build_object('tier', (array['free', 'plus', 'pro'])[1 + i % 3], 'visits', i * 7919 % 1000),
    timestamptz '2025-01-01 00:00:00+00' + i * interval '97.000013 seconds',
    timestamptz '2025-01-01 00:00:00+00' + i * interval '97.000013 seconds'
from generate_series(1, ${users}) i;

insert into profiles (user_id, bio, birthday, preferences)
select i, case when i % 5 <> 0 then 'Likes ' || (array['figs', 'chess', 'rain', 'maps'])[1 + i % 4] || E'\nand "quotes", too' end,
    case when i % 7 <> 0 then date '1960-01-01' + i * 31 % 16000 end,
    jsonb_build_object('newsletter', i % 2 = 0, 'theme', (array['dark', 'light'])[1 + i % 2], 'tags', jsonb_build_array(i % 11, 'x'))
from generate_series(1, ${users}) i;

insert into categories (id, name)
select i, 'Category ' || i from generate_series(1, 40) i;

-- Two products are scarce (StoreSize.SCARCE), so that orders are refused after a part of them was reserved.
insert into products (id, sku, seller_id, category_id, name, price, stock, attributes, created_at, updated_at)
select i, 'SKU-' || lpad(i::text, 8, '0'), 1 + i::bigint * 7 % greatest(${users} / 10, 1), 1 + i % 40,
    (array['Lamp', 'Chair', 'Fig jam', 'Ladder', 'Kettle', 'Blanket', 'Radio'])[1 + i % 7] || ' no. ' || i,
    (199 + i::bigint * 7919 % 90000)::numeric / 100, case when i in (41, 42) then 2 else 100000 + i * 13 % 900 end,
    jsonb_build_object('weight', (i * 17 % 3000)::numeric / 100, 'colours', jsonb_build_array('red', 'green')),
    timestamptz '2025-02-01 00:00:00+00' + i * interval '61.5 seconds',
    timestamptz '2025-02-01 00:00:00+00' + i * interval '61.5 seconds'
from generate_series(1, greatest(${users} * 3 / 5, 100)) i;

create temporary table seed_items on commit drop as
select o as order_id, line, p.id as product_id, md5('seed:' || o || ':' || line)::uuid as reservation_id,
    1 + (o + line) % 3 as quantity, p.price as unit_price,
    (array['placed', 'paid', 'paid', 'shipped', 'shipped', 'shipped', 'shipped', 'shipped', 'shipped', 'cancelled'])[1 + o % 10]::order_status as status,
    timestamptz '2025-06-01 00:00:00+00' + o * interval '53.000007 seconds' as at
from generate_series(1, ${users} * 2) o
cross join lateral generate_series(1, 1 + o % 3) line
join products p on p.id = 1 + (o::bigint * 31 + line * 977) % greatest(${users} * 3 / 5, 100);

insert into orders (id, order_number, customer_id, status, total, details, placed_at, updated_at)
overriding system value
select order_id, 'S-' || lpad(order_id::text, 8, '0'), 1 + order_id::bigint * 13 % ${users}, min(status), sum(quantity * unit_price),
    jsonb_build_object('channel', (array['web', 'app', 'phone'])[1 + order_id % 3], 'gift', order_id % 9 = 0), min(at), min(at)
from seed_items group by order_id;

insert into order_items (order_id, line, product_id, reservation_id, quantity, unit_price)
select order_id, line, product_id, reservation_id, quantity, unit_price from seed_items;

insert into reservations (id, product_id, quantity, unit_price, status, created_at)
select reservation_id, product_id, quantity, unit_price, 'held', at from seed_items where status in ('placed', 'paid');

insert into payments (order_id, amount, method, paid_at)
select order_id, sum(quantity * unit_price), (array['card', 'transfer', 'voucher'])[1 + order_id % 3], min(at) + interval '5 minutes'
from seed_items where status in ('paid', 'shipped') group by order_id order by order_id;

select setval(pg_get_serial_sequence('users', 'id'), (select max(id) from users));
select setval(pg_get_serial_sequence('categories', 'id'), (select max(id) from categories));
select setval(pg_get_serial_sequence('products', 'id'), (select max(id) from products));
select setval(pg_get_serial_sequence('orders', 'id'), (select max(id) from orders));
