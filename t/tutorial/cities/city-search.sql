SELECT name, country, population
FROM cities
<where>
  country IN
  <foreach collection="country" item="one" open="(" separator="," close=")">#{one}</foreach>
  <if test="min_population != null">AND population >= ${min_population}</if>
  <if test="max_population != null">AND population < ${max_population}</if>
</where>
ORDER BY population DESC, city_id DESC
